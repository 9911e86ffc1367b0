// The library, what shows its recordings, and what the chapters claim. `dotnet build` puts them into artifacts/lib/, and so does running the course.
// An executor that finds no file there shows its path. So the path says what to do, in a step down that the step up takes back.
#r "../artifacts/lib/NOT BUILT YET. Run 'dotnet build' in the repository's folder, then run this cell again/../RstLab.dll"
#r "../artifacts/lib/RstLab.Notebooks.dll"
#r "../artifacts/lib/RstLab.Chapters.dll"

// Parts of .NET that a chapter uses and that not every kernel references by itself.
#r "System.Linq.Parallel"
#r "System.Net.WebSockets.Client"

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading;
using RstLab;
using RstLab.Chapters;
using RstLab.Notebooks;
