-- Shared preamble, behind that of ids: what was written to a client and is not acknowledged.
--
-- "<prefix>unacknowledged:<user>:<client>" has the ids of such messages, with spaces between them: those of which a verdict is
-- awaited. It ends when the last of them is due.

-- Keeps ids for the next claim of the client, or sends them to the connection that has replaced its stream: `owner` is the one
-- that the field names now, nil where that is the stream itself or none. `named` says that it is the stream itself. Else, without
-- an owner of the same client, the ids are forgotten: a later stream may have come and gone, and passed over them, and the cursor of
-- the next would not prove them. Returns how many fields were read.
local function unacknowledged_keep(prefix, channels, user, client, ids, owner, named)
	if not named and (not owner or owner.client ~= client) then
		return 0
	end
	local kept, last, reads = {}, 0, 0
	for id in string.gmatch(ids, '%S+') do
		reads = reads + 1
		local due = redis.call('ZSCORE', prefix .. 'awaited', id .. ' ' .. user)
		if due then
			kept[#kept + 1] = id
			last = math.max(last, tonumber(due))
		end
	end
	if #kept > 0 and owner then
		redis.call('PUBLISH', channels .. 'node:' .. owner.node,
			string.format('U %s %s\n', owner.connection, table.concat(kept, ' ')))
	elseif #kept > 0 then
		redis.call('SET', prefix .. 'unacknowledged:' .. user .. ':' .. client, table.concat(kept, ' '),
			'PXAT', string.format('%.0f', last))
	end
	return reads
end

-- Those of the kept ids up to a cursor of the client: it received them. It did not receive those above. They are written to the
-- stream that begins, or passed over for a reason, so they are forgotten here.
local function unacknowledged_take(key, cursor)
	local text, taken = redis.pcall('GET', key), {}
	for id in string.gmatch(type(text) == 'string' and text or '', '%S+') do
		if id_parts(id) and not id_above(id, cursor) then
			taken[#taken + 1] = id
		end
	end
	local ids = table.concat(taken, ' ')
	if #taken == 0 then
		redis.call('UNLINK', key)
	elseif ids ~= text then
		redis.call('SET', key, ids, 'KEEPTTL')
	end
	return ids
end
