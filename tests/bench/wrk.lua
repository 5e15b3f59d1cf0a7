-- Form posts for wrk, as tests/bench/load.py makes them: no two the same, and one in twenty closes its connection.
-- Arguments: a file with the post, in which 0000000 stands for the number.

local posts, template, length = 0, nil, nil

function init(args)
  local file = assert(io.open(args[1], "rb"))
  template = file:read("*a")
  file:close()
end

function request()
  posts = posts + 1
  local post = template:gsub("0000000", string.format("%07d", posts))
  if posts % 20 == 0 then
    post = post:gsub("\r\n", "\r\nConnection: close\r\n", 1)
  end
  return post
end

function done(summary, latency, _)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"posts": %d, "seconds": %f, "p50_s": %f, "p99_s": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
