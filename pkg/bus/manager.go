package bus

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	systemd     = "org.freedesktop.systemd1"
	managerPath = ObjectPath("/org/freedesktop/systemd1")
	managerFace = systemd + ".Manager"
	properties  = "org.freedesktop.DBus.Properties"
)

// Manager is the user's systemd at the other end of a connection.
type Manager struct{ Conn *Conn }

func (m Manager) message(path ObjectPath, iface, member string, body ...any) *message {
	return &message{kind: methodCall, destination: systemd, path: path, iface: iface, member: member, body: body}
}

// call calls a method of the manager.
func (m Manager) call(deadline time.Time, member string, args ...any) ([]any, error) {
	reply, err := m.Conn.call(m.message(managerPath, managerFace, member, args...), deadline)
	if err != nil {
		return nil, m.wrap(member, err)
	}
	return reply.body, nil
}

func (m Manager) wrap(member string, err error) error {
	return fmt.Errorf("systemd, at %s: %s: %w", m.Conn.where, member, worded(err))
}

// Start starts a transient unit, such as a scope around processes, and waits until it has been. On the way a unit of
// this name that failed is forgotten: a container that was killed with its scope leaves one. One that is active is an
// error, IsExists.
func (m Manager) Start(deadline time.Time, name string, list []Property) error {
	err := m.start(deadline, name, list)
	if IsExists(err) {
		if reset := m.ResetFailed(deadline, name); reset != nil {
			return errors.Join(err, reset)
		}
		err = m.start(deadline, name, list)
	}
	if IsExists(err) {
		return fmt.Errorf("%w; it is still active: systemctl --user status %s shows it, systemctl --user stop %s ends it", err, name, name)
	}
	return err
}

func (m Manager) start(deadline time.Time, name string, list []Property) error {
	return m.job(deadline, name, m.message(managerPath, managerFace, "StartTransientUnit", name, "fail", list, noUnits{}))
}

// Stop stops a unit, which kills what is left in a scope, and waits until it is gone. A unit that is not there is as good
// as stopped.
func (m Manager) Stop(deadline time.Time, name string) error {
	err := m.job(deadline, name, m.message(managerPath, managerFace, "StopUnit", name, "replace"))
	if isNoUnit(err) {
		return nil
	}
	return err
}

// jobRemoved is what we ask the bus for, so that it tells us of the end of our jobs.
const jobRemoved = "type='signal',path='/org/freedesktop/systemd1',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'"

// job calls a method that answers with a job, and waits for its end. On a bus we ask first to be told of it; these calls go
// out together with the method, and their answers are not waited for. systemd's own socket tells its clients unasked.
func (m Manager) job(deadline time.Time, unit string, method *message) error {
	if !m.Conn.direct {
		match := busObject("AddMatch", jobRemoved)
		subscribe := m.message(managerPath, managerFace, "Subscribe")
		match.noReply, subscribe.noReply = true, true
		if err := m.Conn.send(deadline, match, subscribe); err != nil {
			return m.wrap(method.member, err)
		}
	}
	reply, err := m.Conn.call(method, deadline)
	if err != nil {
		return m.wrap(method.member, err)
	}
	if len(reply.body) != 1 {
		return m.wrap(method.member, errors.New("it answers without a job"))
	}
	job, ok := reply.body[0].(ObjectPath)
	if !ok {
		return m.wrap(method.member, errors.New("it answers without a job"))
	}
	end, err := m.Conn.signal(deadline, func(s *message) bool {
		return s.member == "JobRemoved" && s.iface == managerFace && len(s.body) == 4 && s.body[1] == job
	})
	if err != nil {
		return m.wrap(method.member+" "+unit, err)
	}
	if result := end.body[3]; result != "done" {
		return m.wrap(method.member+" "+unit, fmt.Errorf("the job ended with %q; journalctl --user -u %s may say why", result, unit))
	}
	return nil
}

// ResetFailed forgets that a unit failed, so that its name is free. A unit that is not there has nothing to forget.
func (m Manager) ResetFailed(deadline time.Time, name string) error {
	_, err := m.call(deadline, "ResetFailedUnit", name)
	if isNoUnit(err) {
		return nil
	}
	return err
}

// Set changes properties of a unit, until it stops.
func (m Manager) Set(deadline time.Time, name string, list []Property) error {
	_, err := m.call(deadline, "SetUnitProperties", name, true, list)
	return err
}

// Attach moves processes into a unit's cgroup, or into the one below it that subgroup names, which begins with a slash.
func (m Manager) Attach(deadline time.Time, name, subgroup string, pids []uint32) error {
	_, err := m.call(deadline, "AttachProcessesToUnit", name, subgroup, pids)
	return err
}

// Cgroup tells the path of a scope's cgroup in the hierarchy, empty while it has none.
func (m Manager) Cgroup(deadline time.Time, scope string) (string, error) {
	return m.text(deadline, unitPath(scope), systemd+".Scope", "ControlGroup")
}

// State tells how a unit is: active, activating, deactivating, failed or inactive. One that is not there is inactive.
func (m Manager) State(deadline time.Time, name string) (string, error) {
	return m.text(deadline, unitPath(name), systemd+".Unit", "ActiveState")
}

// Root tells the path of the manager's own cgroup, below which its units are.
func (m Manager) Root(deadline time.Time) (string, error) {
	return m.text(deadline, managerPath, managerFace, "ControlGroup")
}

// Version tells the manager's version, such as 252. What distributions add to it is left out.
func (m Manager) Version(deadline time.Time) (int, error) {
	s, err := m.text(deadline, managerPath, managerFace, "Version")
	if err != nil {
		return 0, err
	}
	return m.versionOf(s)
}

func (m Manager) versionOf(s string) (int, error) {
	n := 0
	for i := 0; i < len(s) && i < 6 && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	if n == 0 {
		return 0, m.wrap("Version", fmt.Errorf("%q is no version", s))
	}
	return n, nil
}

// About tells what Root and Version do, in one round trip.
func (m Manager) About(deadline time.Time) (root string, version int, err error) {
	ask := []*message{
		m.message(managerPath, properties, "Get", managerFace, "ControlGroup"), m.message(managerPath, properties, "Get", managerFace, "Version"),
	}
	if err = m.Conn.send(deadline, ask...); err != nil {
		return "", 0, m.wrap("Get", err)
	}
	// They are answered in the order in which they were asked: one sender, one receiver.
	if root, err = m.textOf(ask[0], "ControlGroup", deadline); err != nil {
		return "", 0, err
	}
	text, err := m.textOf(ask[1], "Version", deadline)
	if err == nil {
		version, err = m.versionOf(text)
	}
	return root, version, err
}

// text reads a property that is a string.
func (m Manager) text(deadline time.Time, path ObjectPath, iface, name string) (string, error) {
	ask := m.message(path, properties, "Get", iface, name)
	if err := m.Conn.send(deadline, ask); err != nil {
		return "", m.wrap(name, err)
	}
	return m.textOf(ask, name, deadline)
}

// textOf waits for the answer to a question for a string.
func (m Manager) textOf(ask *message, name string, deadline time.Time) (string, error) {
	reply, err := m.Conn.answer(ask, deadline)
	if err != nil {
		return "", m.wrap(name, err)
	}
	if len(reply.body) == 1 {
		if s, ok := reply.body[0].(string); ok {
			return s, nil
		}
	}
	return "", m.wrap(name, errors.New("it answers with something else than a string"))
}

// unitPath is the object of a unit. It is worked out, for asking (GetUnit) is a round trip.
func unitPath(name string) ObjectPath {
	var b strings.Builder
	b.WriteString(string(managerPath) + "/unit/")
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "_%02x", c)
	}
	return ObjectPath(b.String())
}

// IsExists tells whether a unit could not be started because there is one of its name.
func IsExists(err error) bool { return isError(err, systemd+".UnitExists") }

func isNoUnit(err error) bool { return isError(err, systemd+".NoSuchUnit") }

func isError(err error, name string) bool {
	var e *Error
	return errors.As(err, &e) && e.Name == name
}
