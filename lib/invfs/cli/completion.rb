# frozen_string_literal: true

require_relative "command"

module InVFS
  module CLI
    # `invfs completion`: scripts with which a shell completes commands and options, made from what `--help` says.
    class Completion < Command
      USAGE_LINE = "SHELL"
      SUMMARY = <<~TEXT
        Prints a script for SHELL (bash, zsh or fish) with which it completes commands and options:
          bash: eval "$(invfs completion bash)" in ~/.bashrc
          zsh:  invfs completion zsh > a file called _invfs in a directory of $fpath
          fish: invfs completion fish > ~/.config/fish/completions/invfs.fish
      TEXT

      # An option: its long name, short name or nil, whether a value follows, and what it does.
      Option = Struct.new(:long, :short, :value, :does)
      private_constant :Option

      OPTION = /^ +(?:(-\w), )? *(--[\w-]+)(?: ([A-Z=]+))?(?: +(.*))?$/
      private_constant :OPTION

      private

      def options(_parser) = nil

      def run(shell)
        case shell
        when "bash" then puts bash
        when "zsh" then puts zsh
        when "fish" then puts fish
        else raise UsageError, "there is no completion for #{shell}, only for bash, zsh and fish"
        end
        SUCCESS
      end

      # @return [Hash{String => Array(String, Array<Option>)}] name of a command => what it does, and its options
      def commands
        @commands ||= CLI.commands.to_h { |name, does| [name, [does, options_of(CLI.help_of(name))]] }
      end

      def options_of(help)
        # What an option does may go on in the next lines.
        help.gsub(/\n {16,}(?!-)/, " ").scan(OPTION).map do |short, long, value, does|
          Option.new(long, short, !value.nil?, does.to_s.squeeze(" "))
        end
      end

      def bash
        cases = commands.map { |name, (_, options)| "    #{name}) options=#{quoted(words(options).join(" "))} ;;" }
        <<~BASH
          # bash completion for invfs
          _invfs() {
            local current=${COMP_WORDS[COMP_CWORD]} options=
            COMPREPLY=()
            if (( COMP_CWORD == 1 )); then
              COMPREPLY=( $(compgen -W #{quoted("#{commands.keys.join(" ")} --help --version")} -- "$current") )
              return
            fi
            [[ $current == -* ]] || return
            case ${COMP_WORDS[1]} in
          #{cases.join("\n")}
            esac
            COMPREPLY=( $(compgen -W "$options" -- "$current") )
          }
          complete -o default -o bashdefault -F _invfs invfs
        BASH
      end

      def words(options) = options.flat_map { |option| [option.short, option.long] }.compact

      def zsh
        cases = commands.map do |name, (_, options)|
          specs = options.map { |option| zsh_option(option) }
          "    #{name}) _arguments #{specs.join(" ")} '*:file:_files' ;;"
        end
        list = commands.map { |name, (does, _)| quoted("#{name}:#{does}") }
        <<~ZSH
          #compdef invfs
          _invfs() {
            if (( CURRENT == 2 )); then
              local -a commands=(#{list.join(" ")})
              _describe command commands
              return
            fi
            local name=${words[2]}
            shift words
            (( CURRENT-- ))
            case $name in
          #{cases.join("\n")}
            esac
          }
          _invfs "$@"
        ZSH
      end

      def zsh_option(option)
        quoted("*#{option.long}#{bracketed(option.does)}#{":value:_files" if option.value}")
      end

      def bracketed(text) = "[#{text.gsub(/[\[\]:\\]/) { |found| "\\#{found}" }}]"

      def fish
        lines = commands.flat_map do |name, (does, options)|
          ["complete -c invfs -n __fish_use_subcommand -a #{name} -d #{quoted(does)}"] +
            options.map { |option| fish_option(name, option) }
        end
        ["# fish completion for invfs", *lines].join("\n")
      end

      def fish_option(name, option)
        line = "complete -c invfs -n '__fish_seen_subcommand_from #{name}' -l #{option.long.delete_prefix("--")}"
        line += " -s #{option.short.delete_prefix("-")}" if option.short
        line += " -r" if option.value
        "#{line} -d #{quoted(option.does)}"
      end

      # For all three shells: no text has a backslash before a quote.
      def quoted(text) = "'#{text.gsub("'", %q('"'"'))}'"
    end
    private_constant :Completion
  end
end
