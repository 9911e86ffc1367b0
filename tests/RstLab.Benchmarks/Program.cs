using RstLab;
var kind = Enum.Parse<TrialKind>(args[0]);
var n = int.Parse(args[1]);
for (var i = 0; i < int.Parse(args[2]); i++)
{
    var r = Trials.Run(kind, n, false);
    Console.WriteLine($"{kind} {r.PerSecond:F0}");
    if (args.Length > 3) foreach (var c in r.Calls) Console.WriteLine($"   {c.Who} {c.Call} n={c.Count} avg={c.Total / c.Count} min={c.Min} max={c.Max} {string.Join(",", c.Errors)}");
}
