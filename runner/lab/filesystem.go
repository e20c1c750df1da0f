package lab

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// FilesystemOf names the type of the file system that dir lies on, as mount does:
// ext4, xfs, tmpfs and so on, and the magic number in hexadecimal for one that it
// does not know. On tmpfs and ramfs an fsync costs nothing. On overlay the disk is
// that of the upper layer.
func FilesystemOf(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", fmt.Errorf("asking for the file system of %s: %w", dir, err)
	}
	return filesystemName(uint32(s.Type)), nil
}

// FreeBytes is how much can still be written to the file system that dir lies on.
func FreeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("asking for the room on the file system of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// filesystemName knows the magic numbers of statfs(2).
func filesystemName(magic uint32) string {
	switch magic {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4" // ext2 and ext3 have the same number, and Linux the same driver for them
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.F2FS_SUPER_MAGIC:
		return "f2fs"
	case 0x2fc12fc1:
		return "zfs"
	case 0xca451a4e:
		return "bcachefs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlay"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.RAMFS_MAGIC:
		return "ramfs"
	case unix.NFS_SUPER_MAGIC:
		return "nfs"
	case unix.FUSE_SUPER_MAGIC:
		return "fuse"
	case unix.V9FS_MAGIC:
		return "9p"
	case 0x00c36400:
		return "ceph"
	default:
		return fmt.Sprintf("%#x", magic)
	}
}
