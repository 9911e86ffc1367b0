namespace RstLab.Tests;

public class ChildProgramTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("pipe")]
    public void A_child_that_restores_the_default_is_killed_by_its_write(string channel)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the child is written for Linux");

        Assert.Equal(new ChildResult(141, "", ""), ChildProgram.Run("write", channel, "default"));
    }

    [Theory]
    [InlineData("tcp", "ignored", "SocketException EPIPE; SIGPIPE is ignored")]
    [InlineData("unix", "ignored", "SocketException EPIPE; SIGPIPE is ignored")]
    [InlineData("pipe", "ignored", "IOException EPIPE; SIGPIPE is ignored")]
    [InlineData("tcp", "nosignal", "EPIPE; SIGPIPE is not ignored")]
    [InlineData("tcp", "registered", "SocketException EPIPE; SIGPIPE is ignored; handler called 0 times")]
    public void A_child_that_is_not_killed_says_what_its_write_said(string channel, string handling, string said)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the child is written for Linux");

        Assert.Equal(new ChildResult(0, said + Environment.NewLine, ""), ChildProgram.Run("write", channel, handling));
    }

    [Fact]
    public void Arguments_that_it_does_not_know_end_with_2_and_the_usage()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no child on Windows");

        var result = ChildProgram.Run("write", "smoke", "ignored");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("usage:", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shell_can_pipe_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the child is written for Linux");

        var result = ChildProgram.Shell("child lines 20000 console | head -n 1");

        Assert.Equal(new ChildResult(0, "line 00000\n", "20000 lines, no error\n"), result);
    }

    [Fact]
    public void The_mask_of_a_process_is_read_from_its_status_file()
    {
        var mask = SignalMask.In("Name:\tcat\nSigBlk:\t0000000000000000\nSigIgn:\t8000000000001001\nSigCgt:\t0000000000000000\n");

        Assert.Equal([1, 13, 64], Enumerable.Range(1, 64).Where(mask.Ignores));
        Assert.Equal("8000000000001001", mask.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => mask.Ignores(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => mask.Ignores(65));
        Assert.Contains("SigIgn", Assert.Throws<FormatException>(() => SignalMask.In("Name:\tcat\n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void This_process_ignores_what_its_status_file_says()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /proc");

        Assert.True(SignalMask.OfThisProcess().Ignores(SignalMask.Sigpipe));
    }
}
