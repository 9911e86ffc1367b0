using System.Text;

namespace RstLab.Course;

/// <summary>
/// Console.Out and Console.Error of the process, routed by async flow: what a cell writes, also from tasks and threads that it
/// started, becomes that cell's output; everything else goes where it always went. So chapters share a process without mixing.
/// </summary>
internal sealed class CellConsole : TextWriter
{
    private static readonly AsyncLocal<CellOutputs?> Current = new();
    private static readonly Lock Installing = new();
    private static TextWriter? installedOut;
    private static TextWriter? installedError;

    private readonly TextWriter outside;
    private readonly string name;

    private CellConsole(string name, TextWriter outside)
        : base(System.Globalization.CultureInfo.InvariantCulture)
    {
        this.name = name;
        this.outside = outside;
        CoreNewLine = ['\n'];
    }

    /// <summary>The outputs of the cell that the caller is part of; null outside of cells.</summary>
    internal static CellOutputs? CurrentOutputs => Current.Value;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>The process's own standard output, whatever is installed.</summary>
    internal static TextWriter Out { get; private set; } = Console.Out;

    /// <summary>The process's own standard error, whatever is installed.</summary>
    internal static TextWriter Error { get; private set; } = Console.Error;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value) => Write($"{value}\n");

    public override void Write(ReadOnlySpan<char> buffer)
    {
        if (Current.Value is { } outputs)
        {
            outputs.Write(name, buffer);
        }
        else
        {
            outside.Write(buffer);
        }
    }

    public override void Flush() => outside.Flush();

    /// <summary>Routes the console of the current async flow to a cell. Installed again when a cell has put its own writer in place.</summary>
    internal static void Enter(CellOutputs outputs)
    {
        lock (Installing)
        {
            if (!ReferenceEquals(Console.Out, installedOut))
            {
                if (installedOut is null)
                {
                    Out = Console.Out;
                }

                Console.SetOut(new CellConsole("stdout", Out));
                installedOut = Console.Out;
            }

            if (!ReferenceEquals(Console.Error, installedError))
            {
                if (installedError is null)
                {
                    Error = Console.Error;
                }

                Console.SetError(new CellConsole("stderr", Error));
                installedError = Console.Error;
            }
        }

        Current.Value = outputs;
    }
}

/// <summary>What a running cell has shown so far. Safe to write to from any thread.</summary>
internal class CellOutputs
{
    /// <summary>More text than this from one cell is a loop that ran away; the rest is dropped and the cut is marked.</summary>
    private const int Limit = 1 << 20;

    private readonly Lock gate = new();
    private readonly List<CellOutput> done = [];
    private readonly StringBuilder text = new();
    private string stream = "stdout";
    private int written;

    internal virtual void Write(string name, ReadOnlySpan<char> value)
    {
        lock (gate)
        {
            if (value.IsEmpty || written > Limit)
            {
                return;
            }

            if (name != stream)
            {
                EndStream();
                stream = name;
            }

            written += value.Length;
            text.Append(value);
            if (written > Limit)
            {
                text.Append("\n... (the rest of this cell's text is left out)\n");
            }
        }
    }

    internal virtual void Add(CellOutput output)
    {
        lock (gate)
        {
            EndStream();
            done.Add(output);
        }
    }

    internal IReadOnlyList<CellOutput> ToList()
    {
        lock (gate)
        {
            EndStream();
            return [.. done];
        }
    }

    private void EndStream()
    {
        if (text.Length > 0)
        {
            done.Add(new StreamOutput(stream, text.ToString()));
            text.Clear();
        }
    }
}
