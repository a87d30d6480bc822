--[[
  receipt: read a receipt as of one moment.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 receipt       receipt ref
    2 connections   base of every key of a connection, without its id
  RETURNS {fields, inFlight}
    fields are name, value, ... of the receipt, empty when it is not there; inFlight counts its entries in open leases
]]
local shard, ref, connections = KEYS[1], ARGV[1], ARGV[2]

local fields = redis.call('HGETALL', shard .. 'r:' .. ref)
local id, in_flight = redis.call('HGET', shard .. 'r:' .. ref, 'connection'), 0
if not id then return { {}, 0 } end
local base = connections .. id .. ':'
for _, lease in ipairs(redis.call('ZRANGE', base .. 'lease', 0, 99)) do
  for _, entry in ipairs(redis.call('LRANGE', base .. 'l:' .. lease, 4, -1)) do
    if receipt_of(entry) == ref then in_flight = in_flight + 1 end
  end
end
return { fields, in_flight }
