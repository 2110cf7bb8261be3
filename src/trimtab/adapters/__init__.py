"""Where files, prices, brokers and stores are read and written: implementations of the ports."""
