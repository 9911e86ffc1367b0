using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace RstLab;

/// <summary>
/// Knows why Linux sent a reset: the trace points <c>tcp:tcp_send_reset</c> and <c>tcp:tcp_receive_reset</c>
/// (include/trace/events/tcp.h), read from a tracefs instance of its own (Documentation/trace/ftrace.rst, "Instances"), so that
/// no other user of the tracer is disturbed. There is one instance a process; it traces only while somebody listens. The trace
/// points tell of every reset of the machine and cannot be filtered by address, so what is traced is read all the time, and what
/// is not of the experiment's own addresses is let go.
/// <para>
/// Where tracefs is out of reach, the TCP counters of hosts that an experiment made for itself remain (<see cref="ReadCounters"/>).
/// </para>
/// </summary>
public sealed class KernelWitness : IDisposable
{
    private const string Prefix = "rstlab-";

    // A machine that makes 50,000 resets a second fills a megabyte in 80 ms.
    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(15);
    private static readonly Timer Reader = new(static _ => ReadNow());

    private static readonly Lock Gate = new();
    private static readonly List<KernelWitness> Listeners = [];
    private static Instance? s_instance;
    private static string? s_whyNot;

    private readonly List<KernelReset> _resets = [];
    private readonly long _start;
    private readonly Func<IReadOnlySet<string>> _addresses;
    private readonly long _droppedBefore;

    /// <summary>Begins to listen.</summary>
    /// <param name="start">The <see cref="System.Diagnostics.Stopwatch"/> time stamp that <see cref="LabEvent.T"/> counts from.</param>
    /// <param name="addresses">The experiment's own addresses with their ports at the moment; resets of others are not looked at.</param>
    /// <exception cref="NotPossibleHereException">This machine does not allow it.</exception>
    public KernelWitness(long start, Func<IReadOnlySet<string>> addresses)
    {
        lock (Gate)
        {
            if (WhyNot() is { } why)
            {
                throw new NotPossibleHereException(why);
            }

            (_start, _addresses) = (start, addresses);
            if (Listeners.Count == 0)
            {
                s_instance!.Trace(true);
                Reader.Change(ReadEvery, ReadEvery);
            }

            _droppedBefore = s_instance!.Dropped();
            Listeners.Add(this);
        }
    }

    /// <summary>Why this machine has no kernel witness, and what would give it one; null where it has.</summary>
    public static string? WhyNot()
    {
        lock (Gate)
        {
            if (s_instance is null && s_whyNot is null)
            {
                (s_instance, s_whyNot) = Instance.Make();
                AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveInstance();
            }

            return s_whyNot;
        }
    }

    /// <summary>Whether this kernel says why it sends a reset (Linux 6.10 and newer do). Only meaningful where <see cref="WhyNot"/> is null.</summary>
    public static bool NamesReasons => WhyNot() is null && s_instance!.NamesReasons;

    /// <summary>Takes what the kernel has traced until now.</summary>
    /// <returns>The resets of the experiment's ports, in order, and how many events the kernel had to drop meanwhile.</returns>
    public (IReadOnlyList<KernelReset> Resets, long Dropped) Drain()
    {
        lock (Gate)
        {
            s_instance?.ReadInto(Listeners);
            return ([.. _resets], (s_instance?.Dropped() ?? _droppedBefore) - _droppedBefore);
        }
    }

    /// <summary>Stops listening. With the last listener the tracing stops; the instance goes when the process ends.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (Listeners.Remove(this) && Listeners.Count == 0)
            {
                Reader.Change(Timeout.Infinite, Timeout.Infinite);
                s_instance?.Trace(false);
            }
        }
    }

    /// <summary>Removes this process's tracefs instance now. A later listener makes a new one.</summary>
    public static void RemoveInstance()
    {
        lock (Gate)
        {
            s_instance?.Dispose();
            s_instance = null;
            s_whyNot = null;
        }
    }

    /// <summary>
    /// The TCP counters of the calling thread's network namespace (<c>netstat</c> and <c>snmp</c> in <c>/proc/thread-self/net</c>,
    /// Documentation/networking/snmp_counter.rst), named as nstat(8) names them, such as <c>TcpExtTCPAbortOnData</c>. Empty where
    /// the system has none. Numbers there that are settings (<c>TcpRtoMin</c>) or a present state (<c>TcpCurrEstab</c>) are left out.
    /// </summary>
    public static IReadOnlyDictionary<string, long> ReadCounters()
    {
        Dictionary<string, long> counters = [];
        foreach (var file in (string[])["/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"])
        {
            if (!File.Exists(file))
            {
                continue;
            }

            // Pairs of lines: "TcpExt: name name ..." and "TcpExt: number number ...".
            var lines = File.ReadAllLines(file);
            for (var i = 0; i + 1 < lines.Length; i += 2)
            {
                var names = lines[i].Split(' ');
                var numbers = lines[i + 1].Split(' ');
                if (names[0] is not ("Tcp:" or "TcpExt:"))
                {
                    continue;
                }

                for (var k = 1; k < Math.Min(names.Length, numbers.Length); k++)
                {
                    if (names[k] is not ("RtoAlgorithm" or "RtoMin" or "RtoMax" or "MaxConn" or "CurrEstab")
                        && long.TryParse(numbers[k], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                    {
                        counters[names[0].TrimEnd(':') + names[k]] = number;
                    }
                }
            }
        }

        return counters;
    }

    /// <summary>Parses one line of the trace. Returns null for a line that is not one of the two events.</summary>
    /// <param name="line">The line, with the time stamp of the trace clock <c>mono</c> in seconds.</param>
    /// <param name="start">The time stamp in nanoseconds that the event's time counts from.</param>
    internal static KernelReset? Parse(string line, long start)
    {
        var sent = line.IndexOf(": tcp_send_reset: ", StringComparison.Ordinal);
        var at = sent >= 0 ? sent : line.IndexOf(": tcp_receive_reset: ", StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var stamp = line[(line.LastIndexOf(' ', at - 1) + 1)..at];
        if (!decimal.TryParse(stamp, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return null;
        }

        var t = (long)(seconds * 1_000_000_000m) - start;
        var fields = line[(line.IndexOf(": ", at + 2, StringComparison.Ordinal) + 2)..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(f => f.Split('=', 2))
            .Where(f => f.Length == 2)
            .GroupBy(f => f[0])
            .ToDictionary(g => g.Key, g => g.First()[1]);
        string? Field(string name) => fields.GetValueOrDefault(name);
        if (sent >= 0)
        {
            return new KernelReset(t, ResetDirection.Sent, Known(Field("src")), Known(Field("dest")), Field("reason"), Field("state"));
        }

        // The socket that received it is the source of this event; the reset went the other way.
        var six = Field("family") == "AF_INET6" && !(Field("saddrv6") ?? "").StartsWith("::ffff:", StringComparison.Ordinal);
        string Address(string four, string sixth, string port) => six ? $"[{Field(sixth)}]:{Field(port)}" : $"{Field(four)}:{Field(port)}";
        return new KernelReset(t, ResetDirection.Received, Address("daddr", "daddrv6", "dport"), Address("saddr", "saddrv6", "sport"), null, null);

        // A reset that answers a segment without a socket, or a SYN, has no address here.
        static string? Known(string? address) => address is null || address.EndsWith(":0", StringComparison.Ordinal) ? null
            : address.StartsWith("[::ffff:", StringComparison.Ordinal) ? address[8..].Replace("]", "", StringComparison.Ordinal) : address;
    }

    private static void ReadNow()
    {
        lock (Gate)
        {
            s_instance?.ReadInto(Listeners);
        }
    }

    private sealed class Instance : IDisposable
    {
        private readonly string _folder;
        private readonly SafeFileHandle? _mount;
        private readonly SafeFileHandle _pipe;
        private readonly StringBuilder _partial = new();

        private Instance(string folder, SafeFileHandle? mount)
        {
            (_folder, _mount) = (folder, mount);
            NamesReasons = File.ReadAllText(Path.Combine(folder, "events/tcp/tcp_send_reset/format")).Contains("reason", StringComparison.Ordinal);
            Write("buffer_size_kb", Math.Clamp(16384 / Environment.ProcessorCount, 256, 2048).ToString(CultureInfo.InvariantCulture)); // of each processor
            Write("trace_clock", "mono");
            Write("tracing_on", "0");
            Write("events/tcp/tcp_send_reset/enable", "1");
            Write("events/tcp/tcp_receive_reset/enable", "1");
            _pipe = Libc.Check(Libc.Open(Path.Combine(folder, "trace_pipe"), Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC), "open(trace_pipe)");
        }

        internal bool NamesReasons { get; }

        internal static (Instance? Made, string? WhyNot) Make()
        {
            if (!OperatingSystem.IsLinux())
            {
                return (null, Obstacle.NotLinux.Saying("tracefs"));
            }

            SafeFileHandle? mount = null;
            var root = Array.Find(["/sys/kernel/tracing", "/sys/kernel/debug/tracing"], place => Directory.Exists(Path.Combine(place, "instances")));
            if (root is null)
            {
                mount = Libc.MountDetached("tracefs");
                // The number is only a part of a name: the mount stays open as long as the instance.
                root = mount is null ? null : string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{mount.DangerousGetHandle()}");
            }

            if (root is null)
            {
                return (null, Obstacle.TracefsNotMounted.Message);
            }

            var folder = "";
            try
            {
                if (!Directory.Exists(Path.Combine(root, "events/tcp/tcp_send_reset")))
                {
                    throw new NotPossibleHereException(Obstacle.NoTracePoint.Message);
                }

                RemoveLeftovers(Path.Combine(root, "instances"));
                folder = Path.Combine(root, "instances", Prefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
                Directory.CreateDirectory(folder);
                return (new Instance(folder, mount), null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotPossibleHereException or System.ComponentModel.Win32Exception)
            {
                if (folder.Length > 0 && Directory.Exists(folder))
                {
                    Directory.Delete(folder);
                }

                mount?.Dispose();
                return (null, e switch
                {
                    NotPossibleHereException => e.Message,
                    UnauthorizedAccessException => Obstacle.TracefsRefused.Message,
                    _ => Obstacle.TracefsUnusable.Saying(e.Message),
                });
            }
        }

        internal void Trace(bool on)
        {
            if (on)
            {
                // What is still in the pipe belongs to nobody.
                ReadInto([]);
            }

            Write("tracing_on", on ? "1" : "0");
        }

        internal void ReadInto(IReadOnlyList<KernelWitness> listeners)
        {
            Span<byte> buffer = stackalloc byte[16384];
            int got;
            while ((got = (int)Libc.Read(_pipe, buffer, (nuint)buffer.Length)) > 0)
            {
                _partial.Append(Encoding.UTF8.GetString(buffer[..got]));
                if (buffer[got - 1] != (byte)'\n')
                {
                    continue; // a line goes on in the next piece
                }

                // Asked after the reading: an address takes part before its first segment, so none of its events is missed.
                var watched = listeners.Select(l => (l, l._addresses())).ToList();
                foreach (var line in _partial.ToString().AsSpan().EnumerateLines())
                {
                    Deliver(line, watched);
                }

                _partial.Clear();
            }
        }

        internal long Dropped()
        {
            long dropped = 0;
            foreach (var cpu in Directory.EnumerateDirectories(Path.Combine(_folder, "per_cpu")))
            {
                foreach (var line in File.ReadLines(Path.Combine(cpu, "stats")))
                {
                    if ((line.StartsWith("overrun:", StringComparison.Ordinal) || line.StartsWith("dropped events:", StringComparison.Ordinal))
                        && long.TryParse(line.AsSpan(line.IndexOf(':') + 1), CultureInfo.InvariantCulture, out var count))
                    {
                        dropped += count;
                    }
                }
            }

            return dropped;
        }

        public void Dispose()
        {
            _pipe.Dispose();
            try
            {
                Write("tracing_on", "0");
                Directory.Delete(_folder);
            }
            catch (IOException)
            {
                // Somebody is looking into it at this moment. The next run removes it.
            }

            _mount?.Dispose();
        }

        // A run that was killed could not remove its instance. The process id in the name tells whether it still lives.
        private static void RemoveLeftovers(string instances)
        {
            foreach (var folder in Directory.EnumerateDirectories(instances, Prefix + "*"))
            {
                if (int.TryParse(Path.GetFileName(folder).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                    && (process == Environment.ProcessId || !Directory.Exists($"/proc/{process.ToString(CultureInfo.InvariantCulture)}")))
                {
                    try
                    {
                        Directory.Delete(folder);
                    }
                    catch (IOException)
                    {
                        // In use after all.
                    }
                }
            }
        }

        private static void Deliver(ReadOnlySpan<char> line, List<(KernelWitness Listener, IReadOnlySet<string> Addresses)> watched)
        {
            foreach (var (listener, addresses) in watched)
            {
                // Most lines of a busy machine are of others: they are told by their ports alone, which costs little.
                if (MayConcern(line, addresses)
                    && Parse(line.ToString(), listener._start) is { T: >= -1000 } reset
                    && ((reset.From is { } from && addresses.Contains(from)) || (reset.To is { } to && addresses.Contains(to))))
                {
                    listener._resets.Add(reset);
                }
            }
        }

        private static bool MayConcern(ReadOnlySpan<char> line, IReadOnlySet<string> addresses)
        {
            foreach (var address in addresses)
            {
                if (line.Contains(address.AsSpan(address.LastIndexOf(':') + 1), StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }

        private void Write(string file, string text)
        {
            // FileMode.Open: these files are the kernel's, they can be neither created nor truncated.
            using var stream = new FileStream(Path.Combine(_folder, file), FileMode.Open, FileAccess.Write);
            stream.Write(Encoding.ASCII.GetBytes(text));
        }
    }
}
