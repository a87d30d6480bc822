-- tailed: what was accepted, kept for somebody who watches; gone by itself when nobody does any more.
local PIECES_KEPT, PIECES_MS, TAIL_ITEMS_MAX = 200, 60000, 20
local function tell_accepted(base, groups, total, duplicates, ref, now)
  local told = { n = total, d = duplicates, r = ref, i = {}, c = {} }
  for n = 1, math.min(#groups, TAIL_ITEMS_MAX) do told.i[n], told.c[n] = groups[n].item, #groups[n].entries end
  redis.call('XADD', base .. 'accepted', 'MAXLEN', '~', PIECES_KEPT, '*', 'at', now, 'told', cjson.encode(told))
  redis.call('PEXPIRE', base .. 'accepted', PIECES_MS)
end
