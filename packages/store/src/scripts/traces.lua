--[[
  traces: read the traces of receipts.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 refs            receipt refs, with spaces between them
  RETURNS traceparents in the order of the refs; '' = none was noted
]]
local shard, refs = KEYS[1], ARGV[1]

local traces = {}
for ref in string.gmatch(refs, '%S+') do traces[#traces + 1] = redis.call('HGET', shard .. 'r:' .. ref, 'trace') or '' end
return traces
