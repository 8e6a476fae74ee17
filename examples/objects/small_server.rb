# frozen_string_literal: true

# As much of an object store as the example needs, in this process: GET with ranges, HEAD, PUT, DELETE, copies and
# listings.
require "socket"
require "time"
require "uri"

class SmallServer
  # Method and path of each request, and its range.
  attr_reader :requests
  # Names and contents.
  attr_reader :objects
  # Answers instead of the right one: path => status.
  attr_reader :failing

  # @param page [Integer] how many names a listing has at most
  def initialize(page: 1000)
    @page = page
    @objects = {}
    @requests = Queue.new
    @failing = {}
    @server = TCPServer.new("127.0.0.1", 0)
    @thread = Thread.new { loop { Thread.new(@server.accept) { |client| serve(client) } } }
  end

  def endpoint = "http://127.0.0.1:#{@server.addr[1]}"

  def stop
    @thread.kill
    @server.close
  end

  # @return [Array] what was asked since the last time
  def take = Array.new(@requests.size) { @requests.pop }

  private

  def serve(client)
    method, target = client.gets.split
    headers = {}
    while (line = client.gets.chomp) && !line.empty?
      name, value = line.split(": ", 2)
      headers[name.downcase] = value
    end
    client.write("HTTP/1.1 100 Continue\r\n\r\n") if headers["expect"]
    body = client.read(headers["content-length"].to_i)
    path, query = target.split("?", 2)
    name = URI.decode_www_form_component(path.delete_prefix("/bucket").delete_prefix("/"))
    @requests << [method, name, headers["range"]].compact
    answer(client, method, *answer_to(method, name, query, headers, body))
  ensure
    client.close
  end

  def answer_to(method, name, query, headers, body)
    return [@failing[name]] if @failing[name]
    return [200, listing(URI.decode_www_form(query).to_h)] if query

    case method
    when "PUT"
      source = headers["x-amz-copy-source"]&.delete_prefix("/bucket/")
      @objects[name] = source ? @objects.fetch(URI.decode_www_form_component(source)) : body
      [200]
    when "DELETE" then @objects.delete(name) && [204] || [204]
    else part(@objects[name], headers["range"])
    end
  end

  def part(contents, range)
    return [404] unless contents
    return [200, contents] unless range

    first, last = range[/\d+-\d+/].split("-").map(&:to_i)
    first < contents.bytesize ? [206, contents.byteslice(first..last)] : [416]
  end

  def listing(query)
    prefix = query["prefix"]
    names = @objects.keys.select { |name| name.start_with?(prefix) }.sort
    names = names.map { |name| prefix + name.delete_prefix(prefix)[%r{\A[^/]*/?}] }.uniq if query["delimiter"]
    from = query["continuation-token"].to_i
    shown = names[from, @page].map { |name| entry(URI.encode_www_form_component(name), name, query["delimiter"]) }
    more = "<NextContinuationToken>#{from + @page}</NextContinuationToken>" if names.size > from + @page
    "<ListBucketResult>#{shown.join}#{more}</ListBucketResult>"
  end

  def entry(text, name, delimiter)
    return "<Contents><Key>#{text}</Key></Contents>" unless delimiter && name.end_with?("/") && !@objects.key?(name)

    "<CommonPrefixes><Prefix>#{text}</Prefix></CommonPrefixes>"
  end

  def answer(client, method, status, body = "")
    client.write("HTTP/1.1 #{status} x\r\ncontent-length: #{body.bytesize}\r\nconnection: close\r\n" \
                 "last-modified: #{Time.at(0).httpdate}\r\n\r\n")
    client.write(body) unless method == "HEAD"
  rescue Errno::EPIPE, Errno::ECONNRESET
    # Nobody wants to know.
  end
end
