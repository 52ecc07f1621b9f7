package container

// Ps returns the processes of the container id as pids of the caller's pid namespace, in order: those that exec added and
// those in namespaces that were made inside the container too. They are those in its cgroup; no cgroup is needed.
func (r *Runtime) Ps(id string) ([]int, error) {
	rec, err := r.record(id)
	if err != nil {
		return nil, err
	}
	s, err := scopeOf(rec)
	if err != nil {
		return nil, err
	}
	defer s.close()
	members, err := s.members()
	if err != nil {
		return nil, err
	}
	pids := []int{}
	for _, m := range members {
		pids = append(pids, m.pid)
	}
	return pids, nil
}
