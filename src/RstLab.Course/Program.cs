using RstLab.Course;

return await new CourseProgram(CourseFolder.Find(), Console.Out, Console.Error).RunAsync(args).ConfigureAwait(false);
