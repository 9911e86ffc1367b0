using System.Globalization;
using System.Net.Sockets;

namespace RstLab.Course.Jupyter;

/// <summary>
/// The five sockets that a kernel listens on. They are bound before the kernel goes into a network namespace of its own, and taken
/// along: so the experiments of an ordinary user are live too, and Jupyter, which stays outside, still reaches the kernel.
/// </summary>
internal sealed class KernelListeners : IDisposable
{
    internal static readonly IReadOnlyList<string> Names = ["shell", "iopub", "stdin", "hb", "control"];

    private readonly Dictionary<string, Socket> sockets = [];

    private KernelListeners()
    {
    }

    internal Socket this[string name] => sockets[name];

    public void Dispose()
    {
        foreach (var socket in sockets.Values)
        {
            socket.Dispose();
        }
    }

    /// <summary>Listens where the connection file says, and nowhere else.</summary>
    /// <exception cref="InvalidDataException">An address is none, or is taken.</exception>
    internal static KernelListeners Bind(ConnectionFile connection)
    {
        var bound = new KernelListeners();
        foreach (var name in Names)
        {
            try
            {
                var address = connection.Address(name);
                try
                {
                    bound.sockets.Add(name, ZmtpSocket.Listen(address));
                }
                catch (SocketException e)
                {
                    throw new InvalidDataException($"The kernel cannot listen on {address} ({name}): {e.Message}. Start it again; Jupyter chooses other ports.");
                }
            }
            catch
            {
                bound.Dispose();
                throw;
            }
        }

        return bound;
    }

    /// <summary>The sockets that this process got from its predecessor.</summary>
    /// <param name="descriptors">What <see cref="HandOver"/> returned there.</param>
    /// <exception cref="InvalidDataException">They are no descriptors of sockets.</exception>
    internal static KernelListeners Adopt(string descriptors)
    {
        var adopted = new KernelListeners();
        try
        {
            foreach (var (name, descriptor) in Names.Zip(descriptors.Split(',').Select(text => nint.Parse(text, CultureInfo.InvariantCulture))))
            {
                Libc.KeepOnExec(descriptor, keep: false); // not for the children of a cell
                adopted.sockets.Add(name, new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)));
            }

            return adopted.sockets.Count == Names.Count ? adopted : throw new FormatException("there are too few");
        }
        catch (Exception e) when (e is FormatException or OverflowException or SocketException)
        {
            adopted.Dispose();
            throw new InvalidDataException($"--inherited {descriptors} is not what a kernel hands over: {e.Message}");
        }
    }

    /// <summary>Keeps the sockets open for the program that takes this process's place.</summary>
    internal string HandOver()
    {
        var descriptors = Names.Select(name => sockets[name].Handle).ToList();
        descriptors.ForEach(descriptor => Libc.KeepOnExec(descriptor, keep: true));
        return string.Join(',', descriptors.Select(descriptor => descriptor.ToString(CultureInfo.InvariantCulture)));
    }
}
