using System.Globalization;
using System.Text.Json;

namespace RstLab.Course.Site;

/// <summary>The site's own words in one language: all that a page says and neither a cell nor a run has said.</summary>
internal sealed class Words
{
    internal static readonly Words English = new("en", "English", "", chinese: false);
    internal static readonly Words Chinese = new(Overlay.Folder, "中文", Overlay.Folder + "/", chinese: true);

    private readonly bool chinese;

    private Words(string language, string name, string folder, bool chinese) =>
        (Language, Name, Folder, this.chinese) = (language, name, folder, chinese);

    /// <summary>The tag of BCP 47.</summary>
    internal string Language { get; }

    /// <summary>What the language calls itself.</summary>
    internal string Name { get; }

    /// <summary>Where its pages are in the site, with the slash behind; empty for English.</summary>
    internal string Folder { get; }

    /// <summary>The other language of the site.</summary>
    internal Words Other => chinese ? English : Chinese;

    /// <summary>An attribute for what is English in every language: code, outputs, what a run found; empty on an English page.</summary>
    internal string AsEnglish => chinese ? " lang=\"en\"" : "";

    /// <summary>An attribute for the site's own words inside of what is English; empty on an English page.</summary>
    internal string AsOwn => chinese ? $" lang=\"{Language}\"" : "";

    // Around every page
    internal string Skip => In("Skip to the content", "跳到正文");
    internal string Contents => In("Contents", "目录");
    internal string Reference => In("Reference", "参考");
    internal string OnThisPage => In("On this page", "本页内容");
    internal string PreviousAndNext => In("Previous and next", "上一章与下一章");
    internal string Previous => In("Previous", "上一章");
    internal string Next => In("Next", "下一章");
    internal string Begin => In("Begin", "开始阅读");
    internal string BackTo => In("Back to the", "返回");
    internal string BackToChapter => In("Back to the chapter", "返回本章");
    internal string MeasuredOn(string environment) => In(
        $"Measured on {environment}. Run the course to see what your own kernel does.",
        $"""测量环境：<span lang="en">{environment}</span>。运行本课程，看看你自己的内核会怎么做。""");
    internal string SiteName => In("RST Lab: a field guide to TCP resets for .NET developers", "RST Lab：面向 .NET 开发者的 TCP RST 实战指南");
    internal string LinkToSection(string section) => In($"Link to the section {section}", $"本节链接：{section}");

    // A chapter
    internal string Chapter(string number) => In($"Chapter {number}", $"第 {number} 章");
    internal string Solutions => In("Solutions", "参考解答");
    internal string ChapterOf(string title) => In(
        $"{title}: a chapter of RST Lab, the executable field guide to TCP resets for .NET developers.",
        $"{title}：RST Lab 的一章。RST Lab 是面向 .NET 开发者、可以运行的 TCP RST 实战指南。");
    internal string CellsRun(int run, int all, string duration) => In($"{run} of {all} cells in {duration}", $"{all} 个单元格运行了 {run} 个，用时 {duration}");
    internal string DidNotEnd => In("This chapter did not run to its end:", "本章没有运行到底：");
    internal string Setup => In("Setup: what the cells of this chapter share", "准备：本章各单元格共用的代码");
    internal string HowClaimsAreChecked => In("How the claims are checked", "断言是怎样检验的");
    internal string NotRun => In("not run", "未运行");
    internal string Cell(string number) => In($"Cell {number}", $"单元格 {number}");
    internal string Value => In("value", "值");
    internal string WhereItCameFrom => In("Where it came from", "错误出自何处");
    internal string Capture => In("capture for Wireshark", "抓包文件（Wireshark）");
    internal string RecordingAsJson => In("recording as JSON", "记录文件（JSON）");
    internal string FileOf(string file, string recording) => In($"{file} of {recording}", $"{recording} 的{file}");
    internal string FileFormatOf(string format, string recording) => In($"{format} of {recording}", $"{recording} 的 {format}");

    // The evidence
    internal string Evidence => In("The evidence of this chapter", "本章的证据");
    internal string EvidenceLead => In(
        "Every ladder is drawn from a recording, every plot from a table. The captures open in Wireshark and tshark.",
        "每张时序图都由一份记录画出，每张统计图都由一张数据表画出。抓包文件可以用 Wireshark 或 tshark 打开。");
    internal string RecordingOrTable => In("Recording or table", "记录或数据表");
    internal string EvidenceLabel => In("Evidence", "证据");
    internal string Files => In("Files", "文件");
    internal string Rows(int count) => In($"{count} rows", $"{count} 行");
    internal string Witness(WitnessKind kind) => kind switch
    {
        WitnessKind.App => In("app", "应用"),
        WitnessKind.Wire => In("wire", "线路"),
        _ => In("kernel", "内核"),
    };

    // Badges
    internal string Held => In("held", "成立");
    internal string Broken => In("broken", "不成立");
    internal string ClaimsHeld(int held, int all) => In($"{held} of {all} claims held", $"{all} 条断言中 {held} 条成立");
    internal string NoClaim => In("no claim was judged", "没有检验任何断言");
    internal string Live => In("live", "实时");
    internal string Recorded => In("recorded", "录制");
    internal string Absent => In("absent", "缺席");
    internal string CountLive(int count) => In($"{count} live", $"{count} 条实时");
    internal string CountRecorded(int count) => In($"{count} recorded", $"{count} 条为录制");
    internal string AllLive => In("all live", "全部实时");
    internal string AllRecorded => In("all recorded", "全部录制");
    internal string Errors(int count) => In(count == 1 ? "1 error" : $"{count} errors", $"{count} 个错误");

    // The index
    internal string IndexDescription => In(
        "An executable field guide to TCP resets for .NET developers: every claim shown on a real kernel by three witnesses.",
        "面向 .NET 开发者、可以运行的 TCP RST 实战指南：每条断言都在真实内核上由三个见证者作证。");
    internal string IndexHeading => In("A field guide to TCP resets for .NET developers", "面向 .NET 开发者的 TCP RST 实战指南");
    internal string IndexLead => In(
        "A connection died. What did the kernel do, what crossed the wire, and what will .NET tell you? Every sentence here that can be checked was put to three witnesses, and says whether it held, and whether they saw it live or in a recording.",
        "一条连接断了。内核做了什么，线路上传过什么，.NET 又会告诉你什么？这里凡是可以检验的句子，都交给三个见证者作证，并注明它是否成立，以及证据是实时得到的，还是取自记录。");
    internal string ChaptersIn(int count, string duration) => In($"{count} chapters in {duration}", $"{count} 章，用时 {duration}");
    internal string WhenAConnectionDies => In("When a connection dies", "连接断开时");
    internal string YouSee => In("You see", "你看到的");
    internal string WhatHappened => In("What happened", "发生了什么");
    internal string WhatToDo => In("What to do", "怎么办");
    internal string Chapters => In("The chapters", "章节");
    internal string WhatItShows => In("What it shows", "本章展示的断言");
    internal string ThreeWitnesses => In("The three witnesses", "三个见证者");
    internal string WitnessHeading => In("Witness", "见证者");
    internal string Says => In("Says", "作证内容");
    internal string InThisRun => In("In this run", "本次运行");
    internal string NotAsked => In("not asked", "未询问");
    internal string InRecordings(int some, int all) => In($"in {some} of {all} recordings", $"（{all} 份记录中的 {some} 份）");
    internal string AppSays => In(
        "What .NET reported: result, <code>SocketError</code>, errno, exception, time.",
        ".NET 报告了什么：结果、<code>SocketError</code>、errno、异常、耗时。");
    internal string WireSays => In("Which segments crossed: flags, sequence numbers, length.", "哪些报文段经过了线路：标志位、序号、长度。");
    internal string KernelSays => In("Why Linux sent the reset, in its own words.", "Linux 为什么发出 RST：由内核自己说明。");
    internal string WhereMeasured => In("Where this was measured", "测量环境");
    internal string Kernel => In("Kernel", "内核");
    internal string OperatingSystem => In("System", "系统");
    internal string Runtime => In("Runtime", "运行时");
    internal string Processors => In("Processors", "处理器");
    internal string RunAs => In("Run as", "运行身份");
    internal string When => In("When", "时间");
    internal string Took => In("Took", "用时");
    internal string TookAndMemory(string duration, double mebibytes) => In(
        string.Create(CultureInfo.InvariantCulture, $"{duration}, {mebibytes:0} MiB at most"),
        string.Create(CultureInfo.InvariantCulture, $"{duration}，内存峰值 {mebibytes:0} MiB"));

    /// <summary>What a developer sees when a connection dies, in the order in which it is met; a chapter goes by its number.</summary>
    internal IReadOnlyList<Symptom> Symptoms =>
    [
        new("<code>ConnectionRefused</code> <span class=\"errno\">ECONNREFUSED</span>",
            In("The host answered, but nobody listens on that port.", "主机应答了，但该端口无人监听。"),
            In("Check the address, the port and whether the service is up. A retry with a pause is safe: nothing was sent.", "检查地址、端口，以及服务是否在运行。稍候重试是安全的：还没有发送任何数据。"),
            "01"),
        new("<code>ConnectionReset</code> <span class=\"errno\">ECONNRESET</span>",
            In("The peer threw the connection away: it closed or was killed with data unread, or closed with linger 0.", "连接被重置，对端丢弃了它：对端在数据未读完时关闭或被杀死，或者以 linger 0 关闭。"),
            In("You cannot know how much of your request was handled. Retry only what may happen twice; look at the peer's log.", "你无法知道请求被处理了多少。只重试允许执行两次的操作；查看对端的日志。"),
            "02"),
        new($"<code>Shutdown</code> <span class=\"errno\">{In("EPIPE, “Broken pipe”", "EPIPE，<span lang=\"en\">“Broken pipe”</span>")}</span>",
            In("The peer had closed earlier, and you went on writing.", "对端早已关闭，而你还在继续写。"),
            In("Read before you write again: the peer's last words (an early 413, a goodbye) are often still there to be read.", "再写之前先读：对端最后的话（提前返回的 413，或一句告别）往往还在那里等你读。"),
            "02"),
        new(In("a read that returns 0", "读操作返回 0"),
            In("The peer ended the stream. A reset that comes after its FIN can hide behind this 0.", "对端结束了流。FIN 之后到来的 RST 可能就藏在这个 0 后面。"),
            In("Treat an end in the middle of a message as a failure, not as an end.", "消息没有读完就遇到的结束，要当作失败，而不是正常结束。"),
            "02"),
        new(In("nothing at all, for minutes", "几分钟都毫无动静"),
            In("The peer's host is gone, and you are only waiting to read.", "对端主机已经不在了，而你只是在等着读。"),
            In("Turn on keepalive, set <code>TCP_USER_TIMEOUT</code>, and give every wait a limit of your own.", "打开 keepalive，设置 <code>TCP_USER_TIMEOUT</code>，并给每次等待设定自己的时限。"),
            "03"),
        new(In("a reset right after the peer came back", "对端刚恢复就收到 RST"),
            In("Its new kernel has never heard of your connection.", "它新启动的内核从未听说过你的连接。"),
            In("Drop the pooled connection and connect again.", "丢弃连接池里的这条连接，重新连接。"),
            "03"),
    ];

    /// <summary>The words of site.js, as JSON.</summary>
    internal string ForScript => JsonSerializer.Serialize(new Dictionary<string, string>
    {
        ["light"] = In("Light", "浅色"),
        ["dark"] = In("Dark", "深色"),
        ["useLight"] = In("Use light colours", "使用浅色外观"),
        ["useDark"] = In("Use dark colours", "使用深色外观"),
        ["copy"] = In("Copy", "复制"),
        ["copied"] = In("Copied", "已复制"),
        ["pressKeys"] = In("Press Ctrl+C", "请按 Ctrl+C"),
        ["prediction"] = In("Your prediction", "你的预测"),
        ["predict"] = In("Predict before you read on. It is kept in this browser.", "先预测，再往下读。预测只保存在这个浏览器里。"),
        ["seeResult"] = In("See what happened", "看实际发生了什么"),
        ["youPredicted"] = In("You predicted: ", "你的预测："),
        ["right"] = In("You were right.", "你预测对了。"),
        ["wrong"] = In("That is not what you predicted.", "与你的预测不符。"),
        ["clear"] = In("Clear", "清除"),
        ["code"] = In("Code", "代码"),
        ["text"] = In("Text", "文本"),
        ["table"] = In("Table", "表格"),
        ["ofCell"] = In(" of cell ", "，单元格 "),
    }, ScriptOptions);

    private static readonly JsonSerializerOptions ScriptOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.All) };

    private string In(string inEnglish, string inChinese) => chinese ? inChinese : inEnglish;
}

/// <summary>Something that a developer sees when a connection dies.</summary>
/// <param name="Seen">What, as HTML.</param>
/// <param name="Meaning">What happened, as HTML.</param>
/// <param name="Do">What to do, as HTML.</param>
/// <param name="Chapters">The numbers that the ids of the chapters about it begin with.</param>
internal sealed record Symptom(string Seen, string Meaning, string Do, params string[] Chapters);
