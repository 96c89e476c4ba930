-- Shows Zeph's traffic in Wireshark and tshark, of any version: ZMTP frames, and the headers of
-- the messages in them. docs/wire.md says what everything means. Wireshark 4.4 and later know
-- ZMTP by themselves (-d tcp.port==PORT,zmtp), but not what is in it.
--
--   tshark -X lua_script:scripts/zeph.lua -d tcp.port==PORT,zeph -i lo -f 'tcp port PORT'

local zeph = Proto("zeph", "Zeph over ZMTP")

local types = {
  [1] = "hello", [2] = "credit", [3] = "ping", [4] = "echo", [5] = "note",
  [6] = "write", [7] = "read", [8] = "sub-write",
  [20] = "maps", [21] = "get maps", [22] = "map hint",
  [24] = "boot", [25] = "up thru", [26] = "failure", [27] = "beacon", [28] = "goodbye", [29] = "pg temp",
  [31] = "command", [32] = "forward", [33] = "log", [34] = "follow", [40] = "list", [41] = "log lines",
  [50] = "pg query", [51] = "pg notify", [52] = "pg log", [53] = "pg activate", [54] = "pg activated",
  [55] = "pg leases", [56] = "pg history", [57] = "pg history ack", [58] = "pg remove", [59] = "pg pull",
  [60] = "pg push", [61] = "pg pushed", [62] = "pg reserve", [63] = "pg scan", [64] = "pg scanned",
  [65] = "pg cursor", [66] = "pg cursor ack", [67] = "pg scrub", [68] = "pg scrubbed", [69] = "pg repair", [70] = "pg repaired",
}

local f = {
  flags = ProtoField.uint8("zmtp.flags", "ZMTP flags", base.HEX),
  length = ProtoField.uint64("zmtp.length", "ZMTP frame length"),
  command = ProtoField.string("zmtp.command", "ZMTP command"),
  version = ProtoField.uint8("zeph.version", "Version"),
  mode = ProtoField.uint8("zeph.mode", "Mode"),
  type = ProtoField.uint16("zeph.type", "Type", base.DEC, types),
  payload = ProtoField.uint32("zeph.payload", "Payload bytes"),
  mflags = ProtoField.uint16("zeph.flags", "Flags", base.HEX),
  session = ProtoField.bytes("zeph.session", "Session"),
  counter = ProtoField.uint64("zeph.counter", "Counter"),
  request = ProtoField.uint64("zeph.request", "Request id", base.HEX),
  gid = ProtoField.uint64("zeph.gid", "Gid", base.HEX),
  entity = ProtoField.stringz("zeph.entity", "Entity"),
  epoch = ProtoField.uint32("zeph.epoch", "Map epoch"),
  body = ProtoField.uint32("zeph.body", "Body bytes"),
}
zeph.fields = f

local function message(buf, tree)
  tree:add(f.version, buf(4, 1))
  tree:add(f.mode, buf(5, 1))
  tree:add_le(f.type, buf(6, 2))
  tree:add_le(f.payload, buf(8, 4))
  tree:add_le(f.mflags, buf(14, 2))
  tree:add(f.session, buf(16, 16))
  tree:add_le(f.counter, buf(32, 8))
  tree:add_le(f.request, buf(40, 8))
  tree:add_le(f.gid, buf(56, 8))
  tree:add(f.entity, buf(64, 32))
  tree:add_le(f.epoch, buf(96, 4))
  tree:add_le(f.body, buf(100, 4))
  local name = types[buf(6, 2):le_uint()] or ("type " .. buf(6, 2):le_uint())
  local flags = buf(14, 2):le_uint()
  if flags % 2 == 1 then name = name .. (flags % 4 == 3 and " failed" or " reply") end
  return string.format("%s %s %d+%d", buf(64, 32):stringz(), name,
    buf(100, 4):le_uint(), buf(8, 4):le_uint() - buf(100, 4):le_uint())
end

-- frame shows what begins at `at`, and returns how long it is and what it is, or nil if bytes
-- are missing.
local function frame(buf, at, tree)
  local left = buf:len() - at
  if left >= 10 and buf(at, 1):uint() == 0xff and buf(at + 9, 1):uint() == 0x7f then
    if left < 64 then return nil end
    tree:add(buf(at, 64), "ZMTP greeting " .. buf(at + 12, 20):stringz())
    return 64, "greeting"
  end
  if left < 2 then return nil end
  local flags = buf(at, 1):uint()
  local head, length = 2, buf(at + 1, 1):uint()
  if flags % 4 >= 2 then
    if left < 9 then return nil end
    head, length = 9, buf(at + 1, 8):uint64():tonumber()
  end
  if left < head + length then return nil end
  local sub = tree:add(buf(at, head + length), "ZMTP frame")
  sub:add(f.flags, buf(at, 1))
  local what = "frame"
  if flags % 8 >= 4 then
    what = buf(at + head + 1, buf(at + head, 1):uint()):string()
    sub:add(f.command, buf(at + head + 1, buf(at + head, 1):uint()))
  elseif length >= 128 and buf(at + head, 4):string() == "ZEPH" then
    what = message(buf(at + head, length):tvb(), sub)
  end
  sub:append_text(": " .. what)
  return head + length, what
end

function zeph.dissector(buf, pinfo, tree)
  pinfo.cols.protocol = "ZEPH"
  local sub = tree:add(zeph, buf())
  local at, all = 0, {}
  while at < buf:len() do
    local n, what = frame(buf, at, sub)
    if not n then
      pinfo.desegment_offset = at
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      break
    end
    at, all[#all + 1] = at + n, what
  end
  pinfo.cols.info = table.concat(all, ", ")
  return buf:len()
end

DissectorTable.get("tcp.port"):add_for_decode_as(zeph)
