"""Packages of the node and of the device, for Debian 12 on amd64 and arm64: wheels, a tree of them, a .deb around it.

Start reading at `__main__`. Network is used while wheels are fetched (`wheels`), and never when a package is installed.
"""
