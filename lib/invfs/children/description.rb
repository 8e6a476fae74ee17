# frozen_string_literal: true

module InVFS
  module Children
    # A VFS as words, from which another process makes the same.
    module Description
      # What would end a word or a line, or could not stand in the environment.
      SPECIAL = /[%\s\0]/n
      private_constant :SPECIAL

      class << self
        # @param vfs [Object]
        # @return [Array<String>] first the kind of VFS
        # @raise [ArgumentError] if another process could not make it
        def of(vfs)
          case vfs
          when ZipFS then of_archive(plain(vfs))
          when SubFS then ["sub", plain(vfs).dir, *of(vfs.parent)]
          when UnionFS then ["union", plain(vfs).__send__(:layers).size.to_s, *layers(vfs)]
          else
            refuse("#{vfs.class} objects are in this process alone; archives on disk, their directories, and unions " \
                   "of these and of directories are not")
          end
        end

        # @param words [Array<String>] from {of}; those that are used are removed
        # @return [VFS]
        def vfs(words)
          case kind = words.shift
          when "zip"
            path, limit, to_path = words.shift(3)
            ZipFS.new(path, max_entry_size: Integer(limit), to_path: to_path)
          when "sub"
            words.shift.then { |directory| SubFS.new(vfs(words), directory) }
          when "union"
            UnionFS.new(*Array.new(Integer(words.shift)) { vfs(words) })
          when "directory" then words.shift
          else raise ArgumentError, "#{Variables::MOUNTS} has an unknown word: #{kind.inspect}"
          end
        end

        # @return [String] one line, from which {words} makes the words again
        def line(*words)
          words.map { |word| word.b.gsub(SPECIAL) { |byte| format("%%%02x", byte.ord) } }.join(" ")
        end

        # @return [Array<String>]
        def words(line)
          line.b.split(/ /n, -1).map { |word| path(word.gsub(/%\h\h/n) { |code| code[1, 2].hex.chr }) }
        end

        # @return [String] the bytes as a path of this system
        def path(bytes) = bytes.dup.force_encoding(Encoding.find("filesystem"))

        private

        # A subclass may answer otherwise.
        def plain(vfs)
          return vfs if [ZipFS, SubFS, UnionFS].include?(vfs.class) && vfs.singleton_methods.empty?

          refuse("#{vfs.inspect} has methods of its own, which another process does not have")
        end

        def of_archive(archive)
          path, limit = archive.__send__(:opened)
          refuse("#{archive.inspect} is held in memory") unless path
          ["zip", on_disk(path), limit.to_s, File.expand_path(archive.to_path)]
        end

        def layers(union)
          union.__send__(:layers).flat_map { |layer| layer.is_a?(String) ? ["directory", on_disk(layer)] : of(layer) }
        end

        # In a mount that is passed on, too, it will do.
        def on_disk(path)
          root = InVFS.mounts.keys.select { |known| path.start_with?("#{known}/") }.max_by(&:size)
          return path if root.nil? || Variables.descriptions.any? { |line| words(line)[0, 2] == ["mount", root] }

          refuse("#{path} lies in the mount at #{root}, which is not passed on")
        end

        def refuse(reason)
          raise ArgumentError, "children: cannot be passed on to other processes: #{reason}"
        end
      end
    end
  end
end
