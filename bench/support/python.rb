# frozen_string_literal: true

# Python programs to compare with, if the machine has Python.
require "open3"
require_relative "sources"

class Bench
  module Python
    # Compiles the package `small` below a directory, and writes an archive of only the compiled files, the best case
    # for zipimport.
    PACK = <<~'PYTHON'
      import compileall, sys, zipfile
      tree, archive = sys.argv[1:]
      compileall.compile_dir(tree, quiet=1)
      with zipfile.PyZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip:
          zip.writepy(tree + "/small")
    PYTHON

    # The first lines of a program.
    MEASURED = <<~'PYTHON'
      import time
      def measured(work):
          clocks = [time.process_time, time.monotonic]
          start = [clock() for clock in clocks]
          work()
          print(*[clock() - before for clock, before in zip(clocks, start)])
    PYTHON

    module_function

    # The interpreter itself, nil if there is none: `python3` may be a script that searches for it.
    def path
      return @path if defined?(@path)

      out, status = Open3.capture2("python3", "-c", "import sys; print(sys.executable)")
      @path = (out.chomp if status.success?)
    rescue Errno::ENOENT
      @path = nil
    end

    # A way that is a Python program, given as text. Measures what `measured` runs in it, or the whole process.
    def way(bench, name, program, *arguments, measure: :printed)
      file = "#{bench.directory}/#{name.gsub(/\W+/, "-")}.py"
      File.write(file, measure == :printed ? MEASURED + program : program)
      bench.command(name, [path, file, *arguments], measure: measure)
    end

    # @return [Array(String, String)] the directory and the archive
    def package(bench, files)
      tree = Sources.write("#{bench.directory}/python", files)
      archive = "#{bench.directory}/python.zip"
      File.write("#{bench.directory}/pack.py", PACK)
      system(path, "#{bench.directory}/pack.py", tree, archive, exception: true)
      [tree, archive]
    end
  end
end
