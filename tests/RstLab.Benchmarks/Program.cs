using RstLab;
foreach (var kind in Enum.GetValues<TrialKind>())
{
    Trials.Run(kind, 3000, false);
    for (var i = 0; i < 3; i++)
    {
        var r = Trials.Run(kind, 10000, false);
        Console.WriteLine($"{kind} {r.PerSecond:F0} {string.Join(", ", r.Outcomes)}");
    }
    var q = Trials.Run(kind, 5000, true);
    foreach (var c in q.Calls) Console.WriteLine($"   {c.Who} {c.Call} n={c.Count} avg={c.Total / c.Count} min={c.Min} max={c.Max} {string.Join(",", c.Errors)}");
}
foreach (var peer in Enum.GetValues<PeerEnding>())
{
    var r = Trials.BytesAccepted(500, new BytesAcceptedOptions { Peer = peer });
    Console.WriteLine($"{peer} {string.Join(", ", r.Outcomes)} {string.Join(" ", r.Trials.Select(t => t.Bytes).Order().Where((_, i) => i % 50 == 0))}");
    foreach (var c in r.Calls) Console.WriteLine($"   {c.Who} {c.Call} n={c.Count} avg={c.Total / c.Count} min={c.Min} max={c.Max} {string.Join(",", c.Errors)}");
}
