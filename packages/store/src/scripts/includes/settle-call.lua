-- settle-call: what a call says about its connection: quota, closure, failures in a row, block.
-- The reason of a hold that ends when dead letters are replayed or discarded.
local DEAD_LETTERS_FULL = 'dead letters full'
local function begin_block(base, m, now, kind, reason, every)
  if not (m[1] or m[2]) then redis.call('HSET', base .. 'meta', 'blockedSince', now) end
  redis.call('HSET', base .. 'meta', 'block', kind, 'reason', reason, 'probeAt', now + every, 'probeEvery', every)
end
-- m: paused, block, gate, still, blockedSince.
local function end_block(base, m, now)
  redis.call('HDEL', base .. 'meta', 'block', 'reason', 'probeAt', 'probeEvery', 'probeLease', 'probes', 'gone')
  if m[1] then return end
  redis.call('HINCRBY', base .. 'meta', 'still', now - tonumber(m[5] or now))
  redis.call('HDEL', base .. 'meta', 'blockedSince')
end
-- A refusal that is the tenant's closes its connection and blames it for nothing.
local function settle_refusal(base, b, tenant, t, now, call)
  local by = { id = call.connection, interval = b.interval, epoch = call.tenant_epoch, own = rate_used(b, now) }
  if b.known and refuse_tenant(tenant, t, by, now, call.close_ms) then close_until(base, b, now + call.close_ms, now)
  else count_refused(base, b, call.epoch, now, call.close_ms) end
end
-- Whether anything of the connection was ever found. A stop that presumes the contrary is void when something was.
local function settle_target(base, found, call)
  if call.target == 'found' and not found then
    redis.call('HSET', base .. 'meta', 'found', 1)
    redis.call('HDEL', base .. 'meta', 'missed')
  elseif call.target ~= '' and call.target ~= 'found' and not found then redis.call('HINCRBY', base .. 'meta', 'missed', 1) end
  if call.target == 'presumed' and found then call.block = '' end
end
-- A probe that did not end the stop: the next one may be made at its time, whatever was promised while it was under way.
local function next_probe(base, m)
  local at = tonumber(redis.call('HGET', base .. 'meta', 'probeAt'))
  redis.call('HDEL', base .. 'meta', 'probeLease')
  redis.call('HSET', base .. 'meta', 'gate', at)
  m[3] = at
  return at
end
-- Answers when the connection should be looked at because of it; math.huge = no need.
local function settle_call(base, m, b, tenant, t, now, call)
  if call.quota == 'refused' then settle_refusal(base, b, tenant, t, now, call)
  else
    if call.quota == 'accepted' then
      count_accepted(base, b, call.epoch)
      if t.active then count_accepted(tenant, t, call.tenant_epoch) end
    end
    if call.close_ms > 0 then close_until(base, b, now + call.close_ms, now) end
  end
  if call.failed == '1' then redis.call('HINCRBY', base .. 'meta', 'failedInARow', 1)
  elseif call.failed == '0' then redis.call('HDEL', base .. 'meta', 'failedInARow') end
  if call.block ~= '' then
    begin_block(base, m, now, call.block, call.reason, call.every)
    if call.block == 'held' and call.target == 'missing' then redis.call('HSET', base .. 'meta', 'gone', 1) end
  elseif m[2] and (call.quota == 'accepted' or call.failed == '0') then
    end_block(base, m, now)
    redis.call('HDEL', base .. 'meta', 'gate')
    m[2], m[3] = false, false
    return now
  end
  return math.huge
end
-- How many calls may be in flight; does what packages/core/src/quota/in-flight-limit.ts says, in millionths of a call.
local function count_in_flight(base, limit, call, now)
  local CALL, meta = 1000000, base .. 'meta'
  local max = call.max * CALL
  local at = math.min(max, tonumber(limit.now or max))
  if call.quota == 'refused' then return end
  if call.failed == '1' then
    if now - tonumber(limit.lowered or 0) < 1000 then return end
    redis.call('HSET', meta, 'inFlight', string.format('%.0f', math.max(CALL, math.floor(at * 7 / (10 * CALL)) * CALL)), 'loweredAt', now)
  elseif call.quota == 'accepted' and limit.now then
    local raised = at + math.floor(CALL * CALL / at)
    if raised >= max then redis.call('HDEL', meta, 'inFlight') else redis.call('HSET', meta, 'inFlight', string.format('%.0f', raised)) end
  end
end
local function count_settled(base, counts)
  local meta = base .. 'meta'
  if counts.d > 0 then redis.call('HINCRBY', meta, 'delivered', counts.d) end
  if counts.r + counts.c > 0 then redis.call('HINCRBY', meta, 'retried', counts.r + counts.c) end
  if counts.x > 0 then redis.call('HINCRBY', meta, 'dead', counts.x) end
  if counts.p > 0 then redis.call('HINCRBY', meta, 'parked', counts.p) end
  redis.call('HINCRBY', meta, 'pending', 0 - (counts.d + counts.x + counts.p)) -- 0 - n: a Lua -0 would be refused
end
