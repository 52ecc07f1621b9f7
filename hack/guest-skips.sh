# What hack/test-vm.sh and hack/vm-arm64.sh leave out; they source it.
# shellcheck shell=bash disable=SC2034 # they use it

# These do something many times over or in a very big way. It shows nothing new in a guest, and takes minutes there.
large='Overwritten|NothingOfTheHost|ShortCommand|BadConfigs/100000|SIGKILLInTheMiddle|MountOptions|LockedFlags|ThroughADescriptor|MapsAreChecked'
# These hold pages of docs/ or a generated file against the tree, which is not in a guest.
pages='Conformance|NoticeIsOnThePage|TestCurrent$'
