# frozen_string_literal: true

module InVFS
  class Explanation
    # The steps of a search in words. The search notes them (trace.rs); each has a method here.
    module Wording
      TEXTS = {
        on_disk: "found", directory: "a directory, not a file", missing: "no such file",
        closed: "the archive was closed", no_directory: "no such directory",
        no_archive: "a file that is no archive for any handler",
        no_handler: "a file, and there is no handler for files: require \"invfs/zip\" registers one"
      }.freeze

      KINDS = {
        archive: "archive", archive_directory: "directory of an archive", directory: "directory", nothing: "not there",
        file: "a file"
      }.freeze

      class << self
        # No element of `$"` provides the name, or the one at this position would if there were no source.
        def not_loaded(position)
          return Step.new("$\"", :not_loaded, "nothing there provides it") unless position

          # A native extension, or a feature without a file.
          Step.new(feature(position), :not_loaded, "would provide it, but source goes first")
        end

        # An element of `$"` provides the name.
        def loaded(position)
          vfs, = InVFS.locate($"[position]) if $"[position].start_with?("/")
          through = vfs ? ", from #{vfs.inspect} at #{InVFS.root(vfs)}" : ""
          Step.new(feature(position), :loaded, "provides it: loaded already#{through}")
        end

        # A file name in an element of `$:`.
        def entry(name, at, path, kind, outcome, detail)
          what = KINDS[kind] || $:[at].class.name || "a VFS object"
          Step.new("#{name} in $:[#{at}] #{path} (#{what})", *words(outcome, detail, "#{path}/#{name}"))
        end

        # An absolute path in a VFS.
        def mounted(path, vfs, outcome, detail)
          Step.new("#{path} (in #{vfs.inspect})", *words(outcome, detail, path))
        end

        # An absolute path that Ruby looks up: on disk, or in a mount.
        def disk(path, outcome, detail)
          vfs, = InVFS.locate(path)
          Step.new("#{path} (#{vfs ? "in #{vfs.inspect}" : "on disk"})", *words(outcome, detail, path))
        end

        private

        def feature(position) = "$\"[#{position}] #{$"[position]}"

        # @return [Array(Symbol, String)] outcome and text
        def words(outcome, detail, path)
          case outcome
          when :on_disk then [:found, TEXTS[:on_disk]]
          when :not_on_disk then absent(path)
          when :found then [:found, "found, #{detail} bytes"]
          when :too_large
            [:too_large, "too large: #{detail} bytes, more than the limit of #{MAX_LOADSIZE} " \
                         "(RUBY_REQUIRE_INVFS_MAX_LOADSIZE raises it)"]
          when :error then [:error, detail]
          else [outcome, TEXTS[outcome]]
          end
        end

        # Why there is nothing to load at a path on disk.
        def absent(path)
          stat = File.stat(path)
          return [:directory, TEXTS[:directory]] if stat.directory?

          stat.file? ? [:unreadable, "cannot be read"] : [:missing, TEXTS[:missing]]
        rescue Errno::ENOENT
          [:missing, TEXTS[:missing]]
        rescue SystemCallError => e
          [:missing, e.message[/\A[^@]*/].strip.downcase]
        end
      end
    end
  end
end
