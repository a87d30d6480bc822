--[[
  fleet-notes: read what the shard knows beside its connections.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
  RETURNS {nowMs, idsForgottenMs, credentials}
    idsForgottenMs '' = no id was forgotten early; credentials are tenant, expiry in milliseconds, ...
]]
local shard = KEYS[1]

local us, now = clock()
local last, window = string.match(redis.call('GET', shard .. 'idsForgotten') or '', '(%d+) (%d+)')
-- An id that came longer ago than the window would be forgotten by now anyway.
local early = last and now < last + window
return { now, early and last or '', redis.call('HGETALL', shard .. 'credentials') }
