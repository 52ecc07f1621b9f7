package bus

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of messages.
const (
	methodCall   = 1
	methodReturn = 2
	failure      = 3
	signal       = 4
)

// Fields of a header.
const (
	fieldPath        = 1
	fieldInterface   = 2
	fieldMember      = 3
	fieldError       = 4
	fieldReplySerial = 5
	fieldDestination = 6
	fieldSender      = 7
	fieldSignature   = 8
)

// message is one message. Of one that was received body is decoded, of one to be sent it holds the arguments.
type message struct {
	kind        byte
	noReply     bool
	serial      uint32
	reply       uint32 // the serial that it answers
	path        ObjectPath
	iface       string
	member      string
	errorName   string
	destination string
	body        []any
}

// encode renders the message, little endian.
func (m *message) encode() ([]byte, error) {
	body := &encoder{}
	signature := ""
	for _, v := range m.body {
		signature += signatureOf(v)
		if err := body.value(v); err != nil {
			return nil, err
		}
	}
	e := &encoder{buf: []byte{'l', m.kind, 0, 1}}
	if m.noReply {
		e.buf[2] = 1
	}
	e.u32(uint32(len(body.buf)))
	e.u32(m.serial)
	err := e.array(8, func() error {
		return errors.Join(
			e.field(fieldPath, m.path), e.field(fieldInterface, m.iface), e.field(fieldMember, m.member),
			e.field(fieldError, m.errorName), e.field(fieldReplySerial, m.reply),
			e.field(fieldDestination, m.destination), e.fieldSignature(signature))
	})
	e.align(8)
	if err == nil && len(e.buf)+len(body.buf) > maxMessage {
		err = errTooLong
	}
	return append(e.buf, body.buf...), err
}

// field writes a header field, unless it is empty.
func (e *encoder) field(code byte, v any) error {
	if v == "" || v == ObjectPath("") || v == uint32(0) {
		return nil
	}
	e.align(8)
	e.buf = append(e.buf, code)
	e.signature(signatureOf(v))
	return e.value(v)
}

func (e *encoder) fieldSignature(signature string) error {
	if signature == "" {
		return nil
	}
	e.align(8)
	e.buf = append(e.buf, fieldSignature)
	e.signature("g")
	e.signature(signature)
	return nil
}

// headerLen is how much of a message says how long it is.
const headerLen = 16

// size tells from the first 16 bytes how long the header, with its padding, and the body are.
func size(head []byte) (header, body int, order binary.ByteOrder, err error) {
	switch head[0] {
	case 'l':
		order = binary.LittleEndian
	case 'B':
		order = binary.BigEndian
	default:
		return 0, 0, nil, fmt.Errorf("it begins with %q, which is no byte order", head[0])
	}
	if head[3] != 1 {
		return 0, 0, nil, fmt.Errorf("it is of version %d of the protocol", head[3])
	}
	bodyLen, fields := order.Uint32(head[4:]), order.Uint32(head[12:])
	if uint64(bodyLen)+uint64(fields)+headerLen > maxMessage {
		return 0, 0, nil, fmt.Errorf("%w: %d bytes", errTooLong, uint64(bodyLen)+uint64(fields))
	}
	return (headerLen + int(fields) + 7) &^ 7, int(bodyLen), order, nil
}

// decode understands one whole message.
func decode(raw []byte) (*message, error) {
	if len(raw) < headerLen {
		return nil, errShort
	}
	header, body, order, err := size(raw)
	if err != nil {
		return nil, err
	}
	if len(raw) != header+body {
		return nil, errShort
	}
	m := &message{kind: raw[1], serial: order.Uint32(raw[8:])}
	if m.kind == 0 || m.serial == 0 {
		return nil, errors.New("its kind or its number is 0")
	}
	d := &decoder{buf: raw[:header], at: 12, order: order}
	fields, err := d.value("a(yv)", 0)
	if err != nil {
		return nil, err
	}
	signature, err := m.fields(fields.([]any))
	if err != nil {
		return nil, err
	}
	b := &decoder{buf: raw[header:], order: order}
	if m.body, err = b.values(signature, 0); err != nil {
		return nil, err
	}
	if b.at != len(b.buf) {
		return nil, errors.New("its body is longer than its signature")
	}
	return m, nil
}

// fields takes over those that matter; unknown ones are to be ignored. A field of the wrong type is an error.
func (m *message) fields(list []any) (signature string, err error) {
	ok := true
	for _, entry := range list {
		pair := entry.([]any)
		v := pair[1]
		switch pair[0].(byte) {
		case fieldPath:
			m.path, ok = v.(ObjectPath)
		case fieldInterface:
			m.iface, ok = v.(string)
		case fieldMember:
			m.member, ok = v.(string)
		case fieldError:
			m.errorName, ok = v.(string)
		case fieldReplySerial:
			m.reply, ok = v.(uint32)
		case fieldDestination, fieldSender:
			_, ok = v.(string)
		case fieldSignature:
			signature, ok = v.(string)
		}
		if !ok {
			return "", fmt.Errorf("field %d of its header is of the wrong type", pair[0])
		}
	}
	return signature, nil
}
