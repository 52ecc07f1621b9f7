package bus

import "fmt"

// ObjectPath is D-Bus's type o.
type ObjectPath string

// Property is a property of a unit of systemd. Value is a bool, string, int32, uint32, uint64, []byte, []string, []uint32
// or []PathValue; each has one D-Bus type.
type Property struct {
	Name  string
	Value any
}

// PathValue is a limit for one device, of the type (st).
type PathValue struct {
	Path  string
	Value uint64
}

// String renders the property as systemctl show would: Name=Value.
func (p Property) String() string { return fmt.Sprintf("%s=%v", p.Name, p.Value) }

// signatureOf names the D-Bus type of a value; empty for one that this package does not send.
func signatureOf(v any) string {
	switch v.(type) {
	case bool:
		return "b"
	case string:
		return "s"
	case ObjectPath:
		return "o"
	case int32:
		return "i"
	case uint32:
		return "u"
	case uint64:
		return "t"
	case []byte:
		return "ay"
	case []string:
		return "as"
	case []uint32:
		return "au"
	case []PathValue:
		return "a(st)"
	case []Property:
		return "a(sv)"
	case noUnits:
		return "a(sa(sv))"
	}
	return ""
}

// noUnits is StartTransientUnit's list of further units, which is always empty.
type noUnits struct{}
