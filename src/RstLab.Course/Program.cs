using RstLab.Course;

var worker = Worker.Adopt();
var program = new CourseProgram(CourseFolder.Find(), Console.Out, Console.Error) { Supervises = worker is null, Worker = worker };
var code = await program.RunAsync(args, worker?.Abandoned ?? CancellationToken.None).ConfigureAwait(false);
worker?.Dispose();

// Not by returning: a thread that an abandoned cell started must not keep the process alive.
Environment.Exit(code);
