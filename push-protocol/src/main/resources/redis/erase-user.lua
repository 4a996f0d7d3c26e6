-- Erases what is kept of a user: the history of the user's channel, what was hidden from the user's streams, counts, tickets that
-- are not spent, and the presence field. The stream of the user is given the retraction of all messages, then it ends, and its
-- client is kept away for the life of a tombstone. Revocations stay, and tombstones until they expire.
--
-- KEYS  1 clock  2 since  3 last  4 presence  5 history stream  6 erased  7 hidden  8 takeovers  9 opens of the user  10 tickets
-- ARGV  1 highest id seen  2 prefix of keys  3 prefix of pub/sub channels  4 user  5 reason  6 life of a tombstone in ms
--       7 envelope of the retraction, up to the id
-- Returns {number of messages, number of tickets, "1" where anything else was kept, the connection that ends or ""}.

local call, try = redis.call, redis.pcall
local prefix, channels, user = ARGV[2], ARGV[3], ARGV[4]
local channel = 'user:' .. user

-- Tickets of a user that are removed; there are fewer.
local MOST_TICKETS = 100

local head = call('GET', KEYS[1]) or '0-0'
if not id_parts(head) then
	-- Before anything is removed: the retraction could not take an id.
	error({err = 'ERR the clock of the partition is no id'})
end
local value = try('HGET', KEYS[4], user)
local owner = type(value) == 'string' and owner_parse(value)
local messages = try('XLEN', KEYS[5])
local tickets = try('HRANDFIELD', KEYS[10], MOST_TICKETS)
local others = call('EXISTS', KEYS[6], KEYS[7], KEYS[8], KEYS[9]) + call('HDEL', KEYS[3], channel)
messages = type(messages) == 'number' and messages or 1
tickets = tickets.err and {} or tickets
for _, digest in ipairs(tickets) do
	call('UNLINK', prefix .. 'ticket:' .. digest)
end
call('UNLINK', KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10])
if value then
	others = others + call('HDEL', KEYS[4], user)
end

local _, _, now, retraction = clock_take(1, KEYS[1], KEYS[2], ARGV[1])
local events = value and try('GET', prefix .. 'events')
if type(events) == 'string' then
	--+ presence-events
	user_left(prefix, events, user, owner, ARGV[5], now)
end
local frame = channel .. '\n' .. ARGV[7] .. retraction .. '"}'
if owner then
	call('PUBLISH', channels .. 'node:' .. owner.node, 'M ' .. retraction .. ' ' .. owner.connection .. ' ' .. frame)
	tombstone_put(prefix, user, owner.client, retraction, ARGV[6])
	kick(channels, owner, retraction, ARGV[5], '0')
else
	local loss_floor = try('GET', KEYS[2])
	if presence_uncertain(type(loss_floor) == 'string' and loss_floor, now) then
		call('PUBLISH', channels .. 'ch:all', 'M ' .. retraction .. ' - ' .. frame)
	end
end
return {messages, #tickets, others > 0 and '1' or '0', owner and owner.connection or ''}
