# frozen_string_literal: true

# A table of an SQLite database as a directory: each row is a file.
require "invfs"
require "sqlite3"

class SQLiteStore < InVFS::Base
  # @param path [String] the database, made where there is none
  def initialize(path)
    super()
    @database = SQLite3::Database.new(path)
    @database.busy_timeout = 5000
    @database.execute(<<~SQL)
      CREATE TABLE IF NOT EXISTS files (
        name TEXT PRIMARY KEY, contents BLOB NOT NULL, changed INTEGER NOT NULL DEFAULT (strftime('%s', 'now')))
    SQL
  end

  # Of large files, only what programs read comes out of the database.
  def read(path, offset = 0, length = nil)
    return row("SELECT contents FROM files WHERE name = ?", path)&.first unless length

    row("SELECT substr(contents, ?, ?) FROM files WHERE name = ?", offset + 1, length, path)&.first
  end

  # Said apart from the contents, so that listing a directory reads none.
  def stat(path)
    size, changed = row("SELECT length(contents), changed FROM files WHERE name = ?", path)
    return { type: :file, size: size, mtime: changed } if size

    { type: :directory } if list(path)
  end

  def list(path)
    directory = path == "/" ? "/" : "#{path}/"
    names = @database.execute("SELECT substr(name, ?) FROM files WHERE substr(name, 1, ?) = ?",
                              [directory.size + 1, directory.size, directory])
    names = names.map { |(name)| name[%r{\A[^/]+/?}] }.uniq
    names if names.any? || path == "/"
  end

  def write(path, contents)
    @database.execute("INSERT INTO files (name, contents) VALUES (?, ?)
                       ON CONFLICT (name) DO UPDATE SET contents = excluded.contents, changed = strftime('%s', 'now')",
                      [path, SQLite3::Blob.new(contents)])
  rescue SQLite3::FullException
    raise Errno::ENOSPC
  rescue SQLite3::ReadOnlyException
    raise Errno::EROFS
  end

  # In one statement, so that two who append do not lose what the other one adds.
  def append(path, contents)
    @database.execute("INSERT INTO files (name, contents) VALUES (?, ?)
                       ON CONFLICT (name) DO UPDATE SET contents = CAST(contents || excluded.contents AS BLOB),
                                                        changed = strftime('%s', 'now')",
                      [path, SQLite3::Blob.new(contents)])
  end

  def remove(path)
    @database.execute("DELETE FROM files WHERE name = ?", [path])
  end

  # A directory takes along what is in it.
  def rename(from, to)
    @database.transaction do
      @database.execute("DELETE FROM files WHERE name = ?", [to])
      @database.execute("UPDATE files SET name = ? || substr(name, ?) WHERE name = ? OR substr(name, 1, ?) = ?",
                        [to, from.size + 1, from, from.size + 1, "#{from}/"])
    end
  end

  private

  def row(query, *values) = @database.get_first_row(query, values)
end
