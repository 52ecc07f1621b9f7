package container

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/step"
)

// inProcesses does to each process of the container what stands for limits that no cgroup holds. Those that exec adds later get
// them as they are born.
func (u *update) inProcesses(list []plan.Instead) {
	for _, i := range list {
		if i.Step == nil {
			if i.Setting.Lifts() { // there is none
				u.held++
				continue
			}
			u.notices = append(u.notices, i.Notice)
			continue
		}
		n := i.Notice
		stays, err := u.eachProcess(i.Step)
		switch {
		case err != nil:
			n.Got, n.Why = "no change", err.Error()
		case stays != "":
			n.Got, n.Why = stays, "an ordinary user can lower this for a running process, and not raise it again"
			n.Fix = "make the container anew"
		default:
			u.held++
		}
		if stays != "" || err != nil || !i.Setting.Lifts() {
			u.notices = append(u.notices, n)
		}
	}
}

// eachProcess does a step to all processes, and looks again until there is none that it has not been done to. stays says what
// holds instead where the kernel does not allow it.
func (u *update) eachProcess(s step.Step) (stays string, err error) {
	scope, err := scopeOf(u.rec)
	if err != nil {
		return "", err
	}
	defer scope.close()
	done := map[int]bool{}
	for fresh := true; fresh; {
		fresh = false
		members, err := scope.members()
		if err != nil {
			return "", err
		}
		for _, m := range members {
			if done[m.pid] {
				continue
			}
			done[m.pid], fresh = true, true
			left, err := doTo(m.pid, s)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return "", fmt.Errorf("process %d: %w", m.pid, err)
			}
			if left != "" {
				stays = left
			}
		}
	}
	return stays, nil
}

// doTo does a step to another process.
func doTo(pid int, s step.Step) (stays string, err error) {
	switch s := s.(type) {
	case step.Rlimit:
		return limitTo(pid, s)
	case step.Scheduler:
		return niceTo(pid, int(s.Nice))
	case step.Affinity:
		return "", pinTo(pid, s)
	}
	return "", fmt.Errorf("%s cannot be done to another process", s)
}

// niceTo sets the nice value of a process's threads. Below what it is it cannot be set.
func niceTo(pid, nice int) (stays string, err error) {
	err = eachThread(pid, func(tid int) error {
		err := unix.Setpriority(unix.PRIO_PROCESS, tid, nice)
		if err != unix.EACCES && err != unix.EPERM {
			return err
		}
		now, err := unix.Getpriority(unix.PRIO_PROCESS, tid)
		stays = fmt.Sprintf("nice %d stays", 20-now) // the system call has no negative answers
		return err
	})
	return stays, err
}

func pinTo(pid int, s step.Affinity) error {
	var set unix.CPUSet
	for n := range 64 * len(s.Mask) {
		if s.Mask[n/64]&(1<<(n%64)) != 0 {
			set.Set(n)
		}
	}
	return eachThread(pid, func(tid int) error {
		err := unix.SchedSetaffinity(tid, &set)
		if err == unix.EINVAL {
			err = fmt.Errorf("%w: none of the CPUs %s is there, or may be used here", err, s.CPUs)
		}
		return err
	})
}

// limitTo sets a limit of another process. Above its hard limit it cannot be raised.
func limitTo(pid int, s step.Rlimit) (stays string, err error) {
	var now unix.Rlimit
	if err := unix.Prlimit(pid, s.Resource, nil, &now); err != nil {
		return "", fmt.Errorf("prlimit: %w", err)
	}
	to := unix.Rlimit{Cur: min(s.Soft, now.Max), Max: min(s.Hard, now.Max)}
	if s.Soft > now.Max {
		stays = fmt.Sprintf("%s %d stays", s.Name, now.Max)
	}
	if err := unix.Prlimit(pid, s.Resource, &to, nil); err != nil {
		return "", fmt.Errorf("prlimit: %w", err)
	}
	return stays, nil
}

// eachThread calls do for each thread of a process, until there is none that it has not been called for.
func eachThread(pid int, do func(tid int) error) error {
	done := map[string]bool{}
	for fresh := true; fresh; {
		fresh = false
		threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			return unix.ESRCH
		}
		for _, t := range threads {
			if done[t.Name()] {
				continue
			}
			done[t.Name()], fresh = true, true
			tid, err := strconv.Atoi(t.Name())
			if err == nil {
				err = do(tid)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
	return nil
}
