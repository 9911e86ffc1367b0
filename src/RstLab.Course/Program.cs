using RstLab.Course;

// Not by returning: a thread that an abandoned cell started must not keep the process alive.
Environment.Exit(await new CourseProgram(CourseFolder.Find(), Console.Out, Console.Error).RunAsync(args).ConfigureAwait(false));
