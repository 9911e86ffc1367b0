// The same as ../setup.csx, from one folder further down: a kernel looks for libraries from the notebook's folder.
// The library, what shows its recordings, and what the chapters claim. `dotnet build` puts them into artifacts/lib/, and so does running the course.
// An executor that finds no file there shows its path. So the path says what to do, in a step down that the step up takes back.
#r "../../artifacts/lib/NOT BUILT YET. Run 'dotnet build' in the repository's folder, then restart the kernel/../RstLab.dll"
#r "../../artifacts/lib/RstLab.Notebooks.dll"
#r "../../artifacts/lib/RstLab.Chapters.dll"

// Parts of .NET that some chapter uses and that not every kernel references by itself. All of them are here, for every chapter: where
// a #r comes after the first variables, a kernel takes the types of the libraries above for others than those of these variables.
#r "Microsoft.AspNetCore"
#r "Microsoft.AspNetCore.Connections.Abstractions"
#r "Microsoft.AspNetCore.Hosting"
#r "Microsoft.AspNetCore.Hosting.Abstractions"
#r "Microsoft.AspNetCore.Http.Abstractions"
#r "Microsoft.AspNetCore.Http.Features"
#r "Microsoft.AspNetCore.Server.Kestrel"
#r "Microsoft.AspNetCore.Server.Kestrel.Core"
#r "Microsoft.AspNetCore.WebSockets"
#r "Microsoft.Extensions.DependencyInjection.Abstractions"
#r "Microsoft.Extensions.Features"
#r "Microsoft.Extensions.Hosting.Abstractions"
#r "Microsoft.Extensions.Logging"
#r "Microsoft.Extensions.Logging.Abstractions"
#r "System.IO.Pipelines"
#r "System.Linq.Parallel"
#r "System.Net.Http"
#r "System.Net.Security"
#r "System.Net.WebProxy"
#r "System.Net.WebSockets"
#r "System.Net.WebSockets.Client"
#r "System.Security.Cryptography"

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading;
using RstLab;
using RstLab.Chapters;
using RstLab.Notebooks;
