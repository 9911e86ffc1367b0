namespace RstLab;

/// <summary>Writes files so that an interrupted or failed write never costs the file that was there before.</summary>
internal static class SafeFile
{
    /// <summary>Writes a file beside the target and then renames it over the target, which rename(2) does in one step.</summary>
    internal static void Replace(string path, Action<Stream> write)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var beside = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        try
        {
            using (var stream = File.Create(beside))
            {
                write(stream);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }
}
