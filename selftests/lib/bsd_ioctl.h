/* SPDX-License-Identifier: GPL-2.0 */
/* ioctl numbers in the encoding of the BSDs. */
#ifndef BSDTUN_LIB_BSD_IOCTL_H
#define BSDTUN_LIB_BSD_IOCTL_H

#define BSD_FIONREAD	0x4004667fu
#define BSD_GIFNAME	0x4020745du
/* GIFNAME as _IOR() encodes it, for a struct ifreq of 32 and of 40 bytes. */
#define LINUX_GIFNAME	0x8020745du
#define LINUX64_GIFNAME	0x8028745du

/* Converts a number made by _IO(), _IOR() or _IOW() to the encoding of the BSDs. */
unsigned int bsd_encoding(unsigned int cmd);

#endif /* BSDTUN_LIB_BSD_IOCTL_H */
