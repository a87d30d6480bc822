--[[
  receipt: read a receipt as of one moment.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 receipt       receipt ref
    2 connections   base of every key of a connection, without its id
  RETURNS {fields, inFlight, retrying, retryAtMs}
    fields are name, value, ... of the receipt, empty when it is not there; inFlight counts its entries in open leases;
    retrying those that wait for the time of a retry, among the next hundred groups of the connection that do, and
    retryAtMs the first such time, 0 = none waits
]]
local shard, ref, connections = KEYS[1], ARGV[1], ARGV[2]
local GROUPS_MAX = 100

local fields = redis.call('HGETALL', shard .. 'r:' .. ref)
local id, in_flight = redis.call('HGET', shard .. 'r:' .. ref, 'connection'), 0
if not id then return { {}, 0, 0, 0 } end
local base = connections .. id .. ':'
for _, lease in ipairs(redis.call('ZRANGE', base .. 'lease', 0, 99)) do
  for _, entry in ipairs(redis.call('LRANGE', base .. 'l:' .. lease, 4, -1)) do
    if receipt_of(entry) == ref then in_flight = in_flight + 1 end
  end
end
local us, now = clock()
local retrying, retry_at = 0, math.huge
for _, set in ipairs({ 'later', 'whole' }) do
  local groups = redis.call('ZRANGEBYSCORE', base .. set, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, GROUPS_MAX)
  for j = 1, #groups, 2 do
    for _, entry in ipairs(redis.call('LRANGE', base .. 'g:' .. groups[j], 1, -1)) do
      if receipt_of(entry) == ref then retrying, retry_at = retrying + 1, math.min(retry_at, tonumber(groups[j + 1])) end
    end
  end
end
return { fields, in_flight, retrying, retrying > 0 and string.format('%.0f', retry_at) or 0 }
