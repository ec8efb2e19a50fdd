"""Operations: functions on containerd's services that return records and print nothing."""
