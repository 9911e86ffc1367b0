"""Jupyter's own tests of kernels."""
import unittest
import warnings

import jupyter_kernel_test

warnings.simplefilter("ignore")


class RstLabKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "rstlab-csharp"
    language_name = "C#"
    file_extension = ".cs"
    code_hello_world = 'Console.WriteLine("hello, world")'
    code_stderr = 'Console.Error.WriteLine("oops")'
    completion_samples = [{"text": "Console.WriteL", "matches": ["WriteLine"]}, {"text": "Math.Abs"}]
    complete_code_samples = ["1", "var x = 1;", "int F() => 2;"]
    incomplete_code_samples = ["for (;;) {", "Console.WriteLine("]
    invalid_code_samples = ["var = ;", "int x = = 2;"]
    code_generate_error = 'throw new Exception("x");'
    code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": '"a"', "result": "a"}, {"code": "6 * 7", "result": "42"}]
    code_display_data = [{"code": "display(1)", "mime": "text/html"}]
    code_inspect_sample = "Console.WriteLine"
    code_history_pattern = "1?+*"
    supported_history_operations = ("tail", "range", "search")


if __name__ == "__main__":
    unittest.main(warnings="ignore")
