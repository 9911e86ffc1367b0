#pragma warning disable CA1822
namespace RstLab;
/// <summary>Placeholder until the branch lands.</summary>
public sealed class TwoHosts : IDisposable
{
    /// <summary>x</summary>
    public Host Client => throw new NotSupportedException();
    /// <summary>x</summary>
    public Host Server => throw new NotSupportedException();
    /// <summary>x</summary>
    public static string? WhyNot() => "not yet";
    /// <summary>x</summary>
    public void Dispose() { }
}
/// <summary>x</summary>
public sealed class Host
{
    /// <summary>x</summary>
    public System.Net.IPAddress Address => throw new NotSupportedException();
    /// <summary>x</summary>
    public string DeviceName => throw new NotSupportedException();
    /// <summary>x</summary>
    public T Run<T>(Func<T> action) => action();
    /// <summary>x</summary>
    public void Own(IDisposable x) { }
    /// <summary>x</summary>
    public System.Net.Sockets.Socket CreateSocket(System.Net.Sockets.AddressFamily a, System.Net.Sockets.SocketType b, System.Net.Sockets.ProtocolType c) => new(a, b, c);
}
