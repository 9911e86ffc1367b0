namespace RstLab.Notebooks;

/// <summary>
/// Tells a .NET Interactive kernel how to show a type. The kernel knows this attribute by its name and the names of its
/// properties, whoever declares it, so that no package is needed.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    /// <summary>A type with a constructor without parameters and a method <c>IEnumerable&lt;object&gt; CreateTypeFormatters()</c>.</summary>
    public Type FormatterSourceType { get; } = formatterSourceType;

    /// <summary>The kinds of output that the kernel sends when the cell names none.</summary>
    public string[] PreferredMimeTypes { get; set; } = [];
}
