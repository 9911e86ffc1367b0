// The library and what shows its recordings, as `dotnet run --project src/RstLab.Course` or `dotnet build` put them there.
#r "../artifacts/lib/RstLab.dll"
#r "../artifacts/lib/RstLab.Notebooks.dll"

// Parts of .NET that a chapter uses and that not every kernel references by itself.
#r "System.Linq.Parallel"
#r "System.Net.WebSockets.Client"

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading;
using RstLab;
using RstLab.Notebooks;
