namespace RstLab;
/// <summary>Placeholder.</summary>
public static class Pcap
{
    /// <summary>Placeholder.</summary>
    public static void Write() { }
}
