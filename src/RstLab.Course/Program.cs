System.Console.WriteLine("RST Lab");
