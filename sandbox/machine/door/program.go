package door

import "golang.org/x/sys/unix"

// instruction is one of BPF's, as the kernel reads it.
type instruction struct {
	op        uint8
	registers uint8 // destination in the low half, source in the high
	offset    int16
	value     int32
}

// Registers: r0 is what a call returns, r1 to r3 are its arguments, r6 and r7
// survive it, r10 is the end of the stack.
const (
	r0, r1, r2, r3, r6, r7, r10 = 0, 1, 2, 3, 6, 7, 10

	helperLookup  = 1 // bpf_map_lookup_elem
	helperRelease = 86
	helperAssign  = 124
)

func move(to, from uint8) instruction {
	return instruction{op: unix.BPF_ALU64 | unix.BPF_MOV | unix.BPF_X, registers: from<<4 | to}
}

func set(to uint8, v int32) instruction {
	return instruction{op: unix.BPF_ALU64 | unix.BPF_MOV | unix.BPF_K, registers: to, value: v}
}

func add(to uint8, v int32) instruction {
	return instruction{op: unix.BPF_ALU64 | unix.BPF_ADD | unix.BPF_K, registers: to, value: v}
}

// read loads 4 bytes, write stores them.
func read(to, from uint8, offset int16) instruction {
	return instruction{op: unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W, registers: from<<4 | to, offset: offset}
}

func write(to uint8, offset int16, from uint8) instruction {
	return instruction{op: unix.BPF_STX | unix.BPF_MEM | unix.BPF_W, registers: from<<4 | to, offset: offset}
}

// unless jumps over skip instructions unless the register is v.
func unless(r uint8, v int32, skip int16) instruction {
	return instruction{op: unix.BPF_JMP | unix.BPF_JNE | unix.BPF_K, registers: r, value: v, offset: skip}
}

func call(helper int32) instruction {
	return instruction{op: unix.BPF_JMP | unix.BPF_CALL, value: helper}
}

// find looks the destination on the stack up in the table.
func find(table int) []instruction {
	const fromDescriptor = unix.BPF_PSEUDO_MAP_FD << 4
	return []instruction{
		{op: unix.BPF_LD | unix.BPF_IMM | unix.BPF_DW, registers: fromDescriptor | r1, value: int32(table)},
		{}, // the load's other half
		move(r2, r10),
		add(r2, -8),
		call(helperLookup),
	}
}

// lookup is the program: TCP over IPv4 to an address and port of the table, or
// to an address that is there with port 0, goes to the listener found; all
// else goes where it would have gone. Offsets are those of struct
// bpf_sk_lookup.
func lookup(table int) []instruction {
	const family, protocol, localAddr, localPort = 8, 12, 40, 60
	pass := []instruction{set(r0, 1), {op: unix.BPF_JMP | unix.BPF_EXIT}}
	assign := append([]instruction{
		move(r7, r0),
		move(r1, r6),
		move(r2, r7),
		set(r3, 0),
		call(helperAssign),
		move(r1, r7),
		call(helperRelease),
	}, pass...)
	again := append([]instruction{set(r1, 0), write(r10, -4, r1)}, find(table)...)
	again = append(again, unless(r0, 0, int16(len(pass))))
	again = append(again, pass...)

	code := []instruction{
		move(r6, r1),
		read(r1, r6, family),
		unless(r1, unix.AF_INET, 0),
		read(r1, r6, protocol),
		unless(r1, unix.IPPROTO_TCP, 0),
		read(r1, r6, localAddr),
		write(r10, -8, r1),
		read(r1, r6, localPort),
		write(r10, -4, r1),
	}
	code = append(code, find(table)...)
	code = append(code, unless(r0, 0, int16(len(again))))
	code = append(code, again...)
	code = append(code, assign...)
	end := len(code) - len(pass)
	for _, i := range []int{2, 4} {
		code[i].offset = int16(end - i - 1)
	}
	return code
}
