# frozen_string_literal: true

module InVFS
  class Pack
    # Which script of a project starts it, and which others there are.
    class EntryPoints
      # @return [Hash{String => String}] the names of commands and the scripts in the archive
      attr_reader :commands

      # @param items [Array<Tree::Item>] everything that is packed
      # @param gems [Array<PackedGem>]
      # @param own [PackedGem, nil] the gem that the project is
      # @param tree [String, nil] the directory of the archive with the files of the project; "" is all of it
      def initialize(items, gems, own, tree)
        @names = items.reject { |item| item.kind == :directory }.to_h { |item| [item.name, true] }
        @own = own
        @tree = tree
        @commands = gems.map(&:commands).reverse.inject({}, :merge).merge(scripts_of_tree, own&.commands || {})
      end

      # @param wanted [String, nil] a command, or the name of a file
      # @return [String, nil] the script; nil if the user has to choose
      # @raise [InVFS::PackError] if there is no such script
      def main(wanted)
        return wanted(wanted.b.delete_prefix("./")) if wanted

        @own ? main_of_gem : main_of_tree
      end

      # Whether the tree is an application for Rails.
      def rails? = @tree && file("config/application.rb") && file("bin/rails") && true

      # Whether the tree is an application for a server that reads config.ru.
      def rack? = @tree && file("config.ru") && true

      private

      def wanted(name)
        found = [@tree && join(name), name].compact.find { |path| @names.key?(path.b) } || @commands[name]
        found or raise PackError, "#{name}: the main script is not among the files that are packed"
      end

      def main_of_gem
        commands = @own.commands
        commands[@own.name] || (commands.values.first if commands.size == 1)
      end

      def main_of_tree
        file("main.rb") || (file("bin/rails") if rails?) || server || file("app.rb") || single_script
      end

      def single_script
        %w[exe bin].each do |directory|
          scripts = scripts_in(directory)
          return scripts.values.first if scripts.size == 1
        end
        nil
      end

      # A server starts config.ru, if one is in the bundle.
      def server = rack? ? @commands["puma"] || @commands["rackup"] : nil

      def scripts_of_tree = @tree ? scripts_in("bin").merge(scripts_in("exe")) : {}

      def scripts_in(directory)
        found = @names.keys.grep(%r{\A#{Regexp.escape(join(directory))}/[^/]+\z}n)
        found.to_h { |name| [File.basename(name), name] }
      end

      def file(name) = (join(name) if @names.key?(join(name).b))

      def join(name) = @tree.empty? ? name : "#{@tree}/#{name}"
    end
    private_constant :EntryPoints
  end
end
