//! One line of a VPC or Transit Gateway flow log as one typed record, and back.
