package container

// State describes the container id.
func (r *Runtime) State(id string) (Status, error) {
	dir, err := r.Store.Open(id)
	if err != nil {
		return Status{}, err
	}
	defer dir.Close()
	rec, err := dir.Load()
	if err != nil {
		return Status{}, err
	}
	return statusOf(rec, status(rec, dir)), nil
}
