package sys

import "syscall"

// Op is one instruction of a Code: a system call with its arguments, or one of the two pseudo calls. No address of this
// process is in it, so that a program is the same wherever it lies.
type Op struct {
	Nr        uint32     // system call number, or Copy or Expect
	Cells     uint8      // bit i: Args[i] is the index of a cell whose value is passed
	CellAddrs uint8      // bit i: Args[i] is the index of a cell whose address is passed
	DataAddrs uint8      // bit i: Args[i] is an offset in the data, and its address is passed
	Args      [6]uintptr // what no bit is set for is passed as it is
	Dst       uint16     // cell that takes the result
	Then      uint16     // next instruction on success
	Else      uint16     // next instruction when an errno of Catch came back
	Catch     [5]uint16  // errnos that are no failure; Any catches all, 0 ends the list
}

// The pseudo calls. Their numbers lie far beyond any system call's.
const (
	// Copy yields Args[0]. With nothing to copy it is a jump to Then.
	Copy = 1<<31 - 1 - iota
	// Expect succeeds when (Args[0] & Args[1]) == Args[2] and else fails with errno Args[3].
	Expect
)

// Any in Op.Catch stands for every errno.
const Any = 0xffff

// Code is a program in the form in which the child runs it. Cells are its variables: results of calls, and structures
// handed to the kernel. Cell 0 holds the descriptor to which a failure is reported.
type Code struct {
	Ops   []Op
	Cells []uint64
	Data  []byte // strings and structures that are only read or filled by the kernel

	failure Message
	size    uintptr // of the memory that NewCode has mapped for all of this, 0: none
}

// StackSize is how many bytes at the end of the data Spawn takes for the child's stack.
const StackSize = 4096

// Errno is the errno with which a child that Spawn has started has failed; 0: it has not, or its memory was its own.
func (c *Code) Errno() syscall.Errno { return syscall.Errno(c.failure.Value) }

// ReportCell is the index of the cell that holds the descriptor for messages.
const ReportCell = 0

// Message is what the child tells the parent, 16 bytes in native byte order. A failure carries the errno in Value, and in
// Op how many instructions the failed one stands before the end: a number that stays the same when the beginning of the
// program is compiled anew for another terminal, as start may have to do.
type Message struct {
	Kind  uint32
	Op    uint32
	Value uint64
}

// MessageSize is the size of a Message in bytes.
const MessageSize = 16

// Failed is the Kind of the message that the interpreter itself sends. Other kinds belong to the programs.
const Failed = 1
