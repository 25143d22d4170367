package container

import (
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sendTap makes the machine's eth0 and hands its other end to the sandbox: a
// file on which each read and write is a frame. The device goes when the file
// is closed.
func sendTap(talk *net.UnixConn, mac string) error {
	const name = "eth0"
	fd, err := openTap(name)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	hw, err := net.ParseMAC(mac)
	if err != nil {
		return err
	}
	if err := setMAC(name, hw); err != nil {
		return fmt.Errorf("give %s the address %s: %w", name, mac, err)
	}
	if _, _, err := talk.WriteMsgUnix([]byte(name), unix.UnixRights(fd), nil); err != nil {
		return fmt.Errorf("hand %s over: %w", name, err)
	}
	return nil
}

func openTap(name string) (int, error) {
	const device = "/dev/net/tun"
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open %s (modprobe tun makes it): %w", device, err)
	}
	req, err := unix.NewIfreq(name)
	if err == nil {
		req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, req)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("make network device %s: %w", name, err)
	}
	return fd, nil
}

// setMAC fills struct ifreq of netdevice(7) by hand; x/sys has no way to.
func setMAC(name string, mac net.HardwareAddr) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	var req struct {
		name   [unix.IFNAMSIZ]byte
		family uint16
		addr   [22]byte
	}
	copy(req.name[:], name)
	req.family = unix.ARPHRD_ETHER
	copy(req.addr[:], mac)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(s), unix.SIOCSIFHWADDR,
		uintptr(unsafe.Pointer(&req)))
	if errno != 0 {
		return errno
	}
	return nil
}
