# frozen_string_literal: true

module InVFS
  module CLI
    # What `invfs pack` says about what it packed.
    module PackReport
      private

      # @param path [String] what was packed
      # @param pack [InVFS::Pack::Project]
      # @param summary [InVFS::Pack::Summary]
      # @param output [String]
      def report(path, pack, summary, output)
        say "#{show(path)} is #{pack.description}"
        list(summary) if @list
        say(*gems(pack), *ruby(pack), *start(pack), closing(summary, output))
      end

      def list(summary)
        summary.names.each { |name| say show(name) }
        summary.left_out.each { |left| say "left out (#{reason(left.reason)}): #{show(left.name)}#{files_in(left)}" }
        list_not_compiled(summary)
      end

      def files_in(left) = left.name.end_with?("/") ? " (#{count(left.count, "file")})" : ""

      def reason(key) = InVFS::Pack::Summary::REASONS.fetch(key)

      HOW = { flat: "the load path is in the archive", rubygems: "RubyGems activates them at start",
              bundler: "Bundler finds them at start" }.freeze
      private_constant :HOW

      def gems(pack)
        return [] if pack.gems.empty?

        ["#{count(pack.gems.size, "gem")} (#{HOW[pack.start]}): #{pack.gems.map { |gem| show(gem) }.join(", ")}"]
      end

      # The licences of these libraries are for whoever passes the file on to know.
      def ruby(pack)
        return [] unless @standalone

        ["Ruby #{RUBY_VERSION}, libraries of the system: #{pack.libraries.join(", ")}",
         *("needs the GNU C library #{pack.glibc} or newer" if pack.glibc)]
      end

      # For a plain directory invfs run says it.
      def start(pack)
        return [] if pack.starts?

        ["no main script: --main names one here, invfs run -m an executable of a gem"]
      end

      def closing(summary, output)
        text = "#{count(summary.files, "file")}, #{size(summary.bytes)}"
        reasons = summary.left_out_by_reason.map { |key, number| "#{reason(key)} #{number}" }
        text += "; left out: #{summary.left_out_count} (#{reasons.join(", ")})" if reasons.any?
        text += "; compiled: #{compiled(summary)}" if (@rules[:compile] || @standalone) && !@dry_run
        @dry_run ? text : "#{show(output)}: #{size(summary.archive_size)}; #{text}"
      end

      def compiled(summary)
        not_compiled = summary.not_compiled.size
        text = "#{summary.compiled.size}#{" (not: #{not_compiled})" if not_compiled.positive?}"
        summary.library.empty? ? text : "#{text}, and #{summary.library.size} of Ruby's library"
      end
    end
    private_constant :PackReport
  end
end
