package sandbox

// BirthError says that the kernel refused the fork itself.
type BirthError struct {
	Namespaces string
	Err        error
}

func (e *BirthError) Error() string {
	if e.Namespaces == "" {
		return "fork: " + e.Err.Error()
	}
	return "make namespaces " + e.Namespaces + ": " + e.Err.Error()
}

func (e *BirthError) Unwrap() error { return e.Err }

// MapError says that the id maps could not be written.
type MapError struct{ Err error }

func (e *MapError) Error() string { return "map ids: " + e.Err.Error() }

func (e *MapError) Unwrap() error { return e.Err }
